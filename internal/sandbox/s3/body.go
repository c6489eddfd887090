package s3

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// unwrap takes from a body the chunks that clients put around it when they sign it, or checksum it, on the way
// ("Content-Encoding: aws-chunked"). The library knows one kind of them.
func unwrap(r *http.Request) error {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return nil
	}
	size := r.Header.Get("X-Amz-Decoded-Content-Length")
	if _, err := strconv.ParseUint(size, 10, 63); err != nil {
		return errors.New("a body in chunks needs the header X-Amz-Decoded-Content-Length")
	}
	r.Header.Set("Content-Length", size)
	r.Header.Del("X-Amz-Decoded-Content-Length")
	if rest := strings.Trim(strings.ReplaceAll(r.Header.Get("Content-Encoding"), "aws-chunked", ""), ", "); rest != "" {
		r.Header.Set("Content-Encoding", rest)
	} else {
		r.Header.Del("Content-Encoding")
	}
	r.Body = &chunks{from: bufio.NewReader(r.Body), close: r.Body.Close}
	return nil
}

// chunks reads what is in them: "SIZE;chunk-signature=…", the content, an empty line, and so on until a chunk of none.
// What trails that one is checksums.
type chunks struct {
	from  *bufio.Reader
	left  int64 // of the chunk that is being read
	begun bool
	err   error
	close func() error
}

func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) && c.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *chunks) next() error {
	if c.begun {
		if _, err := c.from.Discard(len("\r\n")); err != nil {
			return io.ErrUnexpectedEOF
		}
	}
	c.begun = true
	line, err := c.from.ReadString('\n')
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
	if c.left, err = strconv.ParseInt(size, 16, 63); err != nil || c.left < 0 {
		return fmt.Errorf("a chunk of %q bytes", size)
	}
	if c.left > 0 {
		return nil
	}
	if _, err := io.Copy(io.Discard, c.from); err != nil {
		return err
	}
	return io.EOF
}

func (c *chunks) Close() error { return c.close() }
