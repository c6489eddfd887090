package owner

import (
	"context"
	"time"
)

// fetch is a search for an image that goes on beside everything else.
type fetch struct{ cancel context.CancelFunc }

func (f *fetch) stop() {
	if f != nil {
		f.cancel()
	}
}

// fetched is what a fetch came to.
type fetched struct {
	by    *fetch
	image Image
	err   error
}

// pulled is how far a fetch is.
type pulled struct {
	phase  Phase
	reason string
	shown  bool // in the status, of which nothing else is more important
	at     time.Time
}

// showEvery is how often progress within a phase is shown.
const showEvery = time.Second

// fetch begins to get the image, unless that is under way.
func (o *Owner) fetch() {
	if o.fetching != nil {
		return
	}
	f := &fetch{}
	o.fetching = f
	o.progress(Resolving, "find out what "+o.desired.Image+" is")
	configured := o.desired.Image
	ctx, cancel := context.WithCancel(o.ctx)
	f.cancel = cancel
	o.background(func(context.Context) {
		defer cancel()
		image, err := o.options.Ensure(ctx, configured, func(p Phase, reason string) {
			if ctx.Err() == nil {
				o.progress(p, reason)
			}
		})
		if ctx.Err() == nil {
			o.tell(func(in *inbox) { in.fetched = &fetched{by: f, image: image, err: err} })
		}
	})
}

// take takes in what a fetch came to, unless nobody waits for it any more.
func (o *Owner) take(f fetched) {
	if f.by != o.fetching {
		return
	}
	o.fetching, o.again = nil, false
	if f.err != nil {
		o.refused, o.fetchAfter = f.err, time.Now().Add(o.options.ImageAfter)
		o.options.Log.Error("No image", "image", o.desired.Image, "error", f.err, "next", o.options.ImageAfter)
		return
	}
	o.image, o.refused = &f.image, nil
}

// progress shows how far the image is. It does not wake Run, which would ask Docker each time.
func (o *Owner) progress(phase Phase, reason string) {
	o.showing.Lock()
	defer o.showing.Unlock()
	p := &o.pulled
	news := p.phase != phase
	p.phase, p.reason = phase, reason
	if !p.shown || !news && time.Since(p.at) < showEvery {
		return
	}
	p.at = time.Now()
	s := o.shown
	if s.Phase == Resolving || s.Phase == Pulling {
		s.Phase = phase
	}
	s.Reason = reason
	o.show(s)
}

// told is how far the image is, to be shown until something else is.
func (o *Owner) told() (Phase, string) {
	o.showing.Lock()
	defer o.showing.Unlock()
	return o.pulled.phase, o.pulled.reason
}
