package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// serveHTTP1 speaks HTTP/1.1 on conn, by hand: net/http's server is too well
// behaved. plain is conn without TLS.
func (s *server) serveHTTP1(conn, plain net.Conn) {
	in := bufio.NewReader(conn)
	for {
		if f := s.meets(s.next()); f.at == atAccept { // the connection was warm: close it while it is idle
			s.breakOff(plain, f)
			return
		} else if f.at == atRequestHeader {
			if _, err := io.ReadFull(in, make([]byte, 10)); err == nil {
				s.arrived.Add(1)
				s.breakOff(plain, f)
			}
			return
		}
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		number := s.arrived.Add(1) - 1 + s.cut.Load()
		f := s.meets(number)
		if !f.answer.unread {
			if f.at == atRequestBody && req.ContentLength > 0 {
				_, _ = io.CopyN(io.Discard, req.Body, req.ContentLength/2)
				s.breakOff(plain, f)
				return
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
		}
		s.received(number, req.Method, req.URL.Path, f)
		if f.at == atReceipt || f.at == atRequestBody || !s.answerHTTP1(conn, f) {
			s.breakOff(plain, f)
			return
		}
	}
}

// answerHTTP1 writes an answer, as far as the fault lets it, and reports whether
// the connection may serve another request.
func (s *server) answerHTTP1(w io.Writer, f fault) bool {
	r := f.answer.render(s.op.Answers)
	for _, status := range f.answer.early {
		fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n\r\n", status, http.StatusText(status))
	}
	version := "1.1"
	if f.answer.length == toClose {
		version = "1.0"
	}
	head := fmt.Sprintf("HTTP/%s %d %s\r\nContent-Type: application/json\r\n", version, r.status, http.StatusText(r.status))
	for name, values := range r.header {
		for _, v := range values {
			head += name + ": " + v + "\r\n"
		}
	}
	chunked := r.length < 0 && version == "1.1" && r.body != nil
	switch {
	case chunked:
		head += "Transfer-Encoding: chunked\r\n"
	case r.length >= 0:
		head += fmt.Sprintf("Content-Length: %d\r\n", r.length)
	}
	if f.at == atHeader {
		_, _ = io.WriteString(w, head[:len(head)/2])
		return false
	}
	_, _ = io.WriteString(w, head+"\r\n") // a client that has gone is found out by the next read
	if !s.write(w, f.sent(r.body), chunked, f.answer.pace) || f.at == atBodyStart || f.at == atBody {
		return false
	}
	if chunked {
		_, _ = io.WriteString(w, "0\r\n\r\n")
	}
	return version == "1.1" && !f.answer.unread && f.answer.length != tooLong && r.status != http.StatusSwitchingProtocols
}

// write writes a body, byte by byte if it has a pace.
func (s *server) write(w io.Writer, body []byte, chunked bool, pace time.Duration) bool {
	step := len(body)
	if pace > 0 {
		step = 1
	}
	for len(body) > 0 {
		piece := body[:step]
		body = body[step:]
		if chunked {
			piece = fmt.Appendf(nil, "%x\r\n%s\r\n", len(piece), piece)
		}
		if _, err := w.Write(piece); err != nil {
			return false
		}
		time.Sleep(pace)
	}
	return true
}
