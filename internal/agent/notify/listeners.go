package notify

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// Inherited are the listeners that systemd has kept for us since Keep, by name: those of the agent before this one. They are to
// be asked for once, at the start; what is not wanted is to be closed.
func Inherited() map[string]net.Listener {
	found := map[string]net.Listener{}
	for _, file := range activation.Files(true) {
		l, err := net.FileListener(file)
		_ = file.Close() // a listener has its own copy
		if err != nil {
			continue // not one of ours: the unit may have been given other things
		}
		if twin := found[file.Name()]; twin != nil {
			_ = twin.Close() // stored twice under one name
		}
		found[file.Name()] = l
	}
	return found
}

// Keep gives systemd copies of the listeners, so that they stay open while the agent restarts: whoever connects meanwhile waits
// for the next one instead of being refused. The unit needs FileDescriptorStoreMax=; without it nothing is kept.
func (n *Notifier) Keep(listeners map[string]net.Listener) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(listeners)) {
		if err := keep(socket, name, listeners[name]); err != nil {
			errs = append(errs, fmt.Errorf("have systemd keep the listener %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func keep(socket, name string, l net.Listener) error {
	holder, ok := l.(syscall.Conn)
	if !ok {
		return fmt.Errorf("a %T has no file descriptor", l)
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return err
	}
	to := &net.UnixAddr{Name: socket, Net: "unixgram"}
	// Not connected: only then does package net send descriptors in datagrams.
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // a datagram is out once it is written
	// What is stored under this name already is let go first: the store has room for a few, and a listener whose address
	// has changed would stay in it for ever.
	if _, err := conn.WriteToUnix([]byte("FDSTOREREMOVE=1\nFDNAME="+name), to); err != nil {
		return err
	}
	// Not by way of the listener's File: asking that for its descriptor would make Accept block for good.
	if failed := raw.Control(func(fd uintptr) {
		_, _, err = conn.WriteMsgUnix([]byte("FDSTORE=1\nFDNAME="+name), syscall.UnixRights(int(fd)), to)
	}); failed != nil {
		return failed
	}
	return err
}
