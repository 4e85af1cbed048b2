package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
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
	for _, status := range f.answer.early {
		fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n\r\n", status, http.StatusText(status))
	}
	resp, body := f.answer.render(s.op.Answers)
	if f.answer.length == none && body != nil {
		resp.TransferEncoding = []string{"chunked"}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var out bytes.Buffer
	_ = resp.Write(&out) // fails where the length is wrong, after all is written
	end := bytes.Index(out.Bytes(), []byte("\r\n\r\n")) + 4
	head, rest := out.Bytes()[:end], out.Bytes()[end:]
	if f.at == atHeader {
		head, rest = head[:end/2], nil
	}
	_, _ = w.Write(head) // a client that has gone is found out by the next read
	whole := f.answer.send(f.sent(rest), func(piece []byte) error {
		_, err := w.Write(piece)
		return err
	})
	return whole && f.at == atEnd && !f.answer.unread && f.answer.length <= none && resp.StatusCode != http.StatusSwitchingProtocols
}
