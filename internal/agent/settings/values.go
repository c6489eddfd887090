package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"bluegreen/internal/config"
)

// Words are a command, one text for each word.
type Words []string

// Set implements config.Setter.
func (w *Words) Set(value any) error {
	if line, ok := value.(string); ok {
		return fmt.Errorf("must be a list with one text for each word: %s", quoteList(strings.Fields(line)))
	}
	list, ok := value.([]any)
	words := make(Words, len(list))
	for i, v := range list {
		if words[i], ok = v.(string); !ok {
			break
		}
	}
	switch {
	case !ok && len(list) > 0:
		return errors.New(`must be a list of texts in quotes, numbers too: ["serve", "--port", "8080"]`)
	case len(list) == 0:
		return errors.New("must have a word; leave it out to have the image's own")
	}
	*w = words
	return nil
}

func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// Port is a port of the host that leads to one of the container.
type Port struct {
	HostIP          string // all addresses when empty
	Host, Container uint16
	Protocol        string // "tcp" or "udp"
}

var errPort = errors.New(`must be "HOST:CONTAINER", such as "80:8080", "127.0.0.1:80:8080" or "53:53/udp"`)

// Set implements config.Setter.
func (p *Port) Set(value any) error {
	text, _ := value.(string)
	ports, protocol, named := strings.Cut(text, "/")
	if !named {
		protocol = "tcp"
	}
	i := strings.LastIndexByte(ports, ':')
	if i < 0 || protocol != "tcp" && protocol != "udp" {
		return errPort
	}
	host, container := ports[:i], ports[i+1:]
	address := ""
	if i = strings.LastIndexByte(host, ':'); i >= 0 {
		address, host = host[:i], host[i+1:]
		ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
		if err != nil || ip.Is6() != strings.HasPrefix(address, "[") {
			return errPort
		}
		address = ip.String()
	}
	outside, errOutside := portNumber(host)
	inside, errInside := portNumber(container)
	if errOutside != nil || errInside != nil {
		return errPort
	}
	*p = Port{HostIP: address, Host: outside, Container: inside, Protocol: protocol}
	return nil
}

func portNumber(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, errPort
	}
	return uint16(n), nil
}

func (p Port) String() string {
	text := fmt.Sprintf("%d:%d", p.Host, p.Container)
	if ip, err := netip.ParseAddr(p.HostIP); err == nil && ip.Is6() {
		text = "[" + p.HostIP + "]:" + text
	} else if err == nil {
		text = p.HostIP + ":" + text
	}
	if p.Protocol != "tcp" {
		text += "/" + p.Protocol
	}
	return text
}

// Ulimit is a limit of each process; -1 is none.
type Ulimit struct{ Soft, Hard int64 }

// Set implements config.Setter.
func (u *Ulimit) Set(value any) error {
	wrong := errors.New(`must be a number, or "SOFT:HARD" such as "1024:65536", with "unlimited" for no limit`)
	if n, ok := value.(int64); ok && n >= 0 {
		*u = Ulimit{n, n}
		return nil
	}
	text, _ := value.(string)
	soft, hard, two := strings.Cut(text, ":")
	if !two {
		hard = soft
	}
	var read Ulimit
	for _, part := range []struct {
		text string
		into *int64
	}{{soft, &read.Soft}, {hard, &read.Hard}} {
		n, err := strconv.ParseInt(part.text, 10, 64)
		switch {
		case part.text == "unlimited":
			n = -1
		case err != nil || n < 0:
			return wrong
		}
		*part.into = n
	}
	if read.Hard >= 0 && (read.Soft < 0 || read.Soft > read.Hard) {
		return errors.New("must have a soft limit that is not above the hard one")
	}
	*u = read
	return nil
}

func (u Ulimit) String() string {
	text := func(n int64) string {
		if n < 0 {
			return "unlimited"
		}
		return strconv.FormatInt(n, 10)
	}
	return text(u.Soft) + ":" + text(u.Hard)
}

// Tmpfs is a directory in memory.
type Tmpfs struct {
	Size config.Size
	Mode Mode // 1777 when zero
	Exec bool // programs in it may be run
}

// Set implements config.Setter.
func (t *Tmpfs) Set(value any) error {
	text, _ := value.(string)
	size, rest, more := strings.Cut(text, ",")
	var read Tmpfs
	var err error
	if read.Size, err = config.ParseSize(size); err != nil || read.Size == 0 {
		return errors.New(`must begin with a size, such as "64MiB" or "64MiB,exec,mode=0755"`)
	}
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		mode, isMode := strings.CutPrefix(option, "mode=")
		switch {
		case option == "exec":
			read.Exec = true
		case isMode:
			if err := read.Mode.Set(mode); err != nil {
				return fmt.Errorf("has a mode that %w", err)
			}
		default:
			return errors.New(`must be a size, and then "exec" or "mode=0755" or both, after commas`)
		}
	}
	*t = read
	return nil
}

func (t Tmpfs) String() string {
	text := t.Size.String()
	if t.Exec {
		text += ",exec"
	}
	if t.Mode != 0 {
		text += ",mode=" + t.Mode.String()
	}
	return text
}

// options are those of mount(8).
func (t Tmpfs) options() string {
	exec, mode := "noexec", t.Mode
	if t.Exec {
		exec = "exec"
	}
	if mode == 0 {
		mode = 0o1777
	}
	return fmt.Sprintf("rw,nosuid,nodev,%s,size=%d,mode=%s", exec, t.Size.Bytes(), mode)
}

// Mode are the permissions of a file or directory, as in chmod(2); written as "0440".
type Mode uint32

// Set implements config.Setter.
func (m *Mode) Set(value any) error {
	text, _ := value.(string)
	n, err := strconv.ParseUint(text, 8, 12)
	if err != nil || len(text) < 3 || len(text) > 4 || n == 0 || n&^0o1777 != 0 {
		return errors.New(`must be permissions in octal digits, such as "0440"`)
	}
	*m = Mode(n)
	return nil
}

func (m Mode) String() string { return fmt.Sprintf("%04o", uint32(m)) }
