package notify

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// stored is a message with the descriptors that came with it.
func stored(t *testing.T, conn *net.UnixConn) (string, []*os.File) {
	t.Helper()
	text, rights := make([]byte, 4096), make([]byte, 1024)
	n, m, _, _, err := conn.ReadMsgUnix(text, rights)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:m])
	if err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	for _, message := range messages {
		fds, err := syscall.ParseUnixRights(&message)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			f := os.NewFile(uintptr(fd), "stored")
			t.Cleanup(func() { _ = f.Close() })
			files = append(files, f)
		}
	}
	return string(text[:n]), files
}

// A client that connects while there is no agent is answered by the next one, which runs in another process.
func TestListenersAreKeptForTheNextAgent(t *testing.T) {
	conn := manager(t)
	public, admin := listen(t), listen(t)
	n := New(slog.New(slog.DiscardHandler))
	if err := n.Keep(map[string]net.Listener{"public": public, "admin": admin}); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	for _, name := range []string{"admin", "public"} {
		if got, fds := stored(t, conn); got != "FDSTOREREMOVE=1\nFDNAME="+name || len(fds) != 0 {
			t.Errorf("got %q, %d files", got, len(fds))
		}
		got, fds := stored(t, conn)
		if got != "FDSTORE=1\nFDNAME="+name || len(fds) != 1 {
			t.Fatalf("got %q, %d files", got, len(fds))
		}
		files = append(files, fds...)
	}
	addr := public.Addr().String()
	for _, l := range []net.Listener{public, admin} { // which would hang if Keep had made them blocking
		accepted := make(chan error)
		go func() { _, err := l.Accept(); accepted <- err }()
		_ = l.Close()
		if err := <-accepted; err == nil {
			t.Error("accepted after it was closed")
		}
	}

	client, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatalf("refused while there is no agent: %v", err)
	}
	defer client.Close()
	next := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestNextAgent$'`, os.Args[0])
	next.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=admin:public", "NEXT_AGENT=1")
	next.ExtraFiles = files
	out, err := next.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := io.ReadAll(client)
	if want := "admin public " + addr; err != nil || string(got) != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

// TestNextAgent is the other process of the test above.
func TestNextAgent(t *testing.T) {
	if os.Getenv("NEXT_AGENT") == "" {
		t.Skip("runs as a child")
	}
	found := Inherited()
	if len(Inherited()) != 0 {
		t.Error("inherited twice")
	}
	names := slices.Sorted(maps.Keys(found))
	l := found["public"]
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "%s %s", strings.Join(names, " "), l.Addr())
	_ = conn.Close()
	for _, l := range found {
		_ = l.Close()
	}
}

func TestInheritedNothing(t *testing.T) {
	t.Setenv("LISTEN_PID", "")
	if found := Inherited(); len(found) != 0 {
		t.Errorf("got %v", found)
	}
}

func TestKeepWhatCannotBeKept(t *testing.T) {
	manager(t)
	err := New(slog.New(slog.DiscardHandler)).Keep(map[string]net.Listener{"public": piped{}})
	if err == nil || err.Error() != "have systemd keep the listener public: a notify.piped has no file descriptor" {
		t.Errorf("got %v", err)
	}
}

type piped struct{ net.Listener }
