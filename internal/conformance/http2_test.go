package conformance

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// serveHTTP2 speaks HTTP/2 on conn, frame by frame. plain is conn without TLS.
func (s *server) serveHTTP2(conn, plain net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c := &http2Conn{server: s, framer: http2.NewFramer(conn, conn), plain: plain, streams: map[uint32]*http2Stream{}}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.packed)
	defer c.answering.Wait()
	_ = c.framer.WriteSettings() // a client that has gone is found out by the next read
	if f := s.meets(s.next()); f.at == atGreeting {
		c.breakOff(f, 1) // the client hears of it before or after it sends its first request
		return
	}
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil || !c.handle(frame) {
			return
		}
		if f := s.meets(s.next()); f.at == atAccept || f.at == atGreeting { // the connection was warm: break it while it is idle
			c.breakOff(f, 1)
			return
		}
	}
}

type http2Conn struct {
	server    *server
	plain     net.Conn
	framer    *http2.Framer
	streams   map[uint32]*http2Stream
	answering sync.WaitGroup

	mu      sync.Mutex // guards what follows, and writing
	encoder *hpack.Encoder
	packed  bytes.Buffer
}

type http2Stream struct {
	number       int64
	method, path string
	fault        fault
}

// handle deals with one frame, and reports whether the connection goes on.
func (c *http2Conn) handle(frame http2.Frame) bool {
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			c.locked(func() { _ = c.framer.WriteSettingsAck() })
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			c.locked(func() { _ = c.framer.WritePing(true, frame.Data) })
		}
	case *http2.MetaHeadersFrame:
		return c.onHeaders(frame)
	case *http2.DataFrame:
		if stream := c.streams[frame.StreamID]; stream != nil && frame.StreamEnded() {
			return c.onRequest(frame.StreamID, stream)
		}
	}
	return true
}

func (c *http2Conn) locked(write func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	write()
}

func (c *http2Conn) onHeaders(frame *http2.MetaHeadersFrame) bool {
	stream := &http2Stream{number: c.server.arrived.Add(1) - 1 + c.server.cut.Load(), method: frame.PseudoValue("method")}
	stream.fault = c.server.meets(stream.number)
	stream.path, _, _ = strings.Cut(frame.PseudoValue("path"), "?")
	c.streams[frame.StreamID] = stream
	at := stream.fault.at
	if at == atRequestHeader || at == atRequestBody && !frame.StreamEnded() {
		return c.breakOff(stream.fault, frame.StreamID)
	}
	switch {
	case stream.fault.answer.unread:
		c.server.received(stream.number, stream.method, stream.path, stream.fault)
		delete(c.streams, frame.StreamID)
		return c.answer(frame.StreamID, stream)
	case frame.StreamEnded():
		return c.onRequest(frame.StreamID, stream)
	}
	return true
}

func (c *http2Conn) onRequest(id uint32, stream *http2Stream) bool {
	c.server.received(stream.number, stream.method, stream.path, stream.fault)
	if at := stream.fault.at; at == atReceipt || at == atRequestBody {
		return c.breakOff(stream.fault, id)
	}
	if stream.fault.answer.pace == 0 {
		return c.answer(id, stream)
	}
	c.answering.Go(func() { c.answer(id, stream) }) // slowly: other frames are read meanwhile
	return true
}

// answer writes an answer, as far as the fault lets it, and reports whether the
// connection goes on.
func (c *http2Conn) answer(id uint32, stream *http2Stream) bool {
	f := stream.fault
	for _, status := range f.answer.early {
		c.writeHeaders(id, true, ":status", strconv.Itoa(status))
	}
	resp, body := f.answer.render(c.server.op.Answers)
	fields := []string{":status", strconv.Itoa(resp.StatusCode)}
	if resp.ContentLength >= 0 {
		fields = append(fields, "content-length", strconv.FormatInt(resp.ContentLength, 10))
	}
	for name, values := range resp.Header {
		fields = append(fields, strings.ToLower(name), values[0])
	}
	if f.at == atHeader {
		c.writeHeaders(id, false, fields...) // a CONTINUATION would have to follow
		return c.breakOff(f, id)
	}
	if f.breaks == goAway && f.at == atEnd {
		c.locked(func() { _ = c.framer.WriteGoAway(id, http2.ErrCode(f.code), nil) })
	}
	c.writeHeaders(id, true, fields...)
	f.answer.send(f.sent(body), func(piece []byte) (err error) { // the window of a Go client is larger than any body here
		c.locked(func() { err = c.framer.WriteData(id, false, piece) })
		return err
	})
	if f.at == atBodyStart || f.at == atBody {
		return c.breakOff(f, id)
	}
	c.locked(func() { _ = c.framer.WriteData(id, true, nil) })
	return true
}

func (c *http2Conn) writeHeaders(id uint32, whole bool, fields ...string) {
	c.locked(func() {
		c.packed.Reset()
		for i := 0; i < len(fields); i += 2 {
			_ = c.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.packed.Bytes(), EndHeaders: whole})
	})
}

// breakOff breaks the stream or the connection, and reports whether the latter
// goes on.
func (c *http2Conn) breakOff(f fault, id uint32) bool {
	if f.at <= atGreeting && f.breaks >= rst {
		c.server.cut.Add(1)
	}
	delete(c.streams, id)
	last := id
	if f.past {
		last = max(id, 2) - 2
	}
	switch f.breaks {
	case rst:
		c.locked(func() { _ = c.framer.WriteRSTStream(id, http2.ErrCode(f.code)) })
		return true
	case goAway, goAwayClosed:
		c.locked(func() { _ = c.framer.WriteGoAway(last, http2.ErrCode(f.code), nil) })
		if f.breaks == goAway {
			return true
		}
		f.breaks = closed
	case stalled:
		return true // reads on, and says nothing
	}
	c.server.breakOff(c.plain, f)
	return false
}
