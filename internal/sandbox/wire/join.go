package wire

import "net/http"

// joined is a service with a protocol of its own, behind the same endpoint as the APIs.
type joined struct {
	name    string
	claims  func(*http.Request) bool
	handler http.Handler
}

// Join puts a service behind the endpoint that speaks none of the protocols here, such as S3. It gets the requests that are
// signed for its name and, of those that nobody has signed, the ones that it claims. To be called before the first request.
func (f *Front) Join(b Beside, claims func(*http.Request) bool) {
	f.joined = append(f.joined, joined{name: b.Name, claims: claims, handler: f.Beside(b)})
}

// joinedFor is what answers a request instead of the APIs; nil for nothing.
func (f *Front) joinedFor(r *http.Request) http.Handler {
	if len(f.joined) == 0 {
		return nil
	}
	_, name, unsigned := scope(r)
	for _, j := range f.joined {
		if unsigned == nil && j.name == name || unsigned != nil && j.claims(r) {
			return j.handler
		}
	}
	return nil
}
