package machine

import "sync"

// consoleSize is how much of what an instance prints is kept.
const consoleSize = 64 << 10

// console keeps the end of what an instance prints.
type console struct {
	mu   sync.Mutex
	text []byte
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p...)
	c.text = c.text[max(0, len(c.text)-consoleSize):]
	return len(p), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// Console is the end of what an instance has printed since it was started last, of 64 KB at most: systemd's messages, what
// its user data prints, and what is written to /dev/console. It is empty when the instance is terminated.
func (h *Host) Console(instanceID string) string {
	h.mu.Lock()
	i := h.instances[instanceID]
	var said *console
	if i != nil && i.current != nil {
		said = i.current.console
	}
	h.mu.Unlock()
	if said == nil {
		return ""
	}
	return said.String()
}
