package bluegreen

import "sync"

// parts are made side by side. Each is a goroutine that waits for just those parts that it needs. One that fails ends those
// that wait for it and no other: a call under way is never given up, because it may still have its effect after an undo has
// looked for what there is.
type parts struct {
	all   sync.WaitGroup
	mu    sync.Mutex
	first error
}

// part is one of them; it comes to a value or an error.
type part[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// begin starts to make a part.
func begin[T any](p *parts, work func() (T, error)) *part[T] {
	made := &part[T]{done: make(chan struct{})}
	p.all.Go(func() {
		defer close(made.done)
		made.value, made.err = work()
		p.note(made.err)
	})
	return made
}

// do starts to make a part that has no value.
func (p *parts) do(work func() error) *part[struct{}] {
	return begin(p, func() (struct{}, error) { return struct{}{}, work() })
}

func (p *parts) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == nil {
		p.first = err
	}
}

// get waits for a part.
func (m *part[T]) get() (T, error) {
	<-m.done
	return m.value, m.err
}

// each waits for parts of a kind.
func each[T any](made []*part[T]) ([]T, error) {
	values := make([]T, len(made))
	for i, m := range made {
		var err error
		if values[i], err = m.get(); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// wait waits for all parts, and fails with the first error of any.
func (p *parts) wait() error {
	p.all.Wait()
	return p.first
}
