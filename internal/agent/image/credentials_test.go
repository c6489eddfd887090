package image_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/docker"
)

// issuer issues tokens that are good for twelve hours, as ECR does.
type issuer struct {
	issued int
	at     []time.Duration
	begun  time.Time
	down   error
}

func (i *issuer) fetch(context.Context, string) (image.Token, error) {
	i.at = append(i.at, time.Since(i.begun))
	if i.down != nil {
		return image.Token{}, i.down
	}
	i.issued++
	return image.Token{Auth: user(i.issued), Expires: time.Now().Add(12 * time.Hour)}, nil
}

func user(n int) docker.Auth {
	return docker.Auth{Username: "AWS", Password: fmt.Sprint("hunter2-", n)}
}

func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{begun: time.Now()}
		c := image.NewCredentials(image.CredentialsOptions{Fetch: i.fetch, Jitter: 4 * time.Second, Rand: func() float64 { return 0.5 }})
		get := func(want int, wantCached bool) {
			t.Helper()
			got, cached, err := c.Get(t.Context(), "r")
			if err != nil || got != user(want) || cached != wantCached {
				t.Errorf("after %v: %v %v %v, want %d", time.Since(i.begun), got.Password, cached, err, want)
			}
		}
		get(1, false) // after two seconds: half of the jitter
		time.Sleep(5*time.Hour + 59*time.Minute)
		get(1, true)
		time.Sleep(time.Minute) // half of its life
		get(2, false)
		i.down = errors.New("throttled")
		time.Sleep(20 * time.Hour) // it is over
		get(2, true)
		get(2, true)
		i.down = nil
		get(3, false)
		want := []time.Duration{2 * time.Second, 6*time.Hour + 2*time.Second, 26*time.Hour + 2*time.Second, 26*time.Hour + 2*time.Second, 26*time.Hour + 2*time.Second}
		if diff := cmp.Diff(want, i.at); diff != "" {
			t.Error(diff)
		}

		again, fresh, err := c.Renew(t.Context(), "r", user(2)) // somebody has an old one
		if again != user(3) || !fresh || err != nil {
			t.Errorf("%v %v %v", again, fresh, err)
		}
		again, fresh, err = c.Renew(t.Context(), "r", user(3))
		if again != user(4) || !fresh || err != nil {
			t.Errorf("%v %v %v", again, fresh, err)
		}
		i.down = errors.New("throttled")
		if _, _, err = c.Renew(t.Context(), "r", user(4)); err == nil || err.Error() != "get a login for r: throttled" {
			t.Error(err)
		}
		if _, _, err = c.Get(t.Context(), "other"); err == nil {
			t.Error("a login out of nothing")
		}
	})
}

// A token that the registry does not take any more is replaced once, whatever its date says.
func TestExpiredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{begun: time.Now()}
		e := newEngine()
		e.tags[tagged], e.tags[repository+":v2"], e.user = one, two, user(1)
		o := plain(e)
		o.Credentials = image.NewCredentials(image.CredentialsOptions{Fetch: i.fetch, Jitter: -1})
		images := image.New(o)
		if _, err := images.Ensure(t.Context(), tagged, nil); err != nil {
			t.Fatal(err)
		}
		e.user = user(2)
		if _, err := images.Ensure(t.Context(), repository+":v2", nil); err != nil {
			t.Fatal(err)
		}
		if i.issued != 2 || time.Since(i.begun) != 0 {
			t.Errorf("%d tokens after %v", i.issued, time.Since(i.begun))
		}
	})
}

// With the API down and a token that is over, what is here is run.
func TestExpiredTokenAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{begun: time.Now()}
		e := newEngine()
		e.tags[tagged], e.user = one, user(1)
		o := plain(e)
		o.Credentials = image.NewCredentials(image.CredentialsOptions{Fetch: i.fetch, Jitter: -1})
		images := image.New(o)
		if _, err := images.Ensure(t.Context(), tagged, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(13 * time.Hour)
		i.down, e.user = errors.New("throttled"), user(99)
		got, err := images.Ensure(t.Context(), tagged, nil)
		if err != nil || got.Digest != one || got.Stale != "get a login for registry.example.com: throttled (and the registry refused the last one: token expired)" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
