// Package imds is the sandbox's instance metadata service, version 2: what an instance asks about itself, with a token that
// it got first. Each instance has one of its own; version 1, which asks for no token, answers where the instance allows it.
package imds

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Instance is what there is to tell of an instance.
type Instance struct {
	ID             string
	ReservationID  string
	Index          int // among the instances of its reservation
	ImageID        string
	Type           string
	Architecture   string
	Zone           string
	SubnetID       string
	VPCID          string
	Addr           netip.Addr
	Hostname       string
	SecurityGroups []string // names
	Profile        string   // ARN of its IAM instance profile; "" without one
	ProfileID      string
	Lifecycle      string // "on-demand" or "spot"
	Launched       time.Time
	Tags           map[string]string
	UserData       string
	On             bool // neither stopped nor terminated

	Endpoint       bool // the service answers
	TokensRequired bool // without a token it refuses
	HopLimit       int  // how far its tokens get
	TagsAllowed    bool // it tells the tags
}

// Options joins the service to its account. All of it is needed; the functions are called with the account locked.
type Options struct {
	Account  *account.Account
	Instance func(id string) (Instance, bool)
	// TargetState is the lifecycle state in which Auto Scaling wants an instance; false if it never had a say.
	TargetState func(id string) (string, bool)
	// Interrupt ends an instance as its spot interruption says.
	Interrupt func(id, action string)
}

// Service is the metadata service of all instances.
type Service struct {
	Options
	instances map[string]*state
}

// state is what the service knows of an instance by itself.
type state struct {
	tokens       map[string]time.Time // when they expire
	interruption *interruption
	rebalance    time.Time // when it was recommended; zero if it never was
	credentials  *credentials
}

// New makes the service.
func New(o Options) *Service { return &Service{Options: o, instances: map[string]*state{}} }

func (s *Service) state(id string) *state {
	if s.instances[id] == nil {
		s.instances[id] = &state{tokens: map[string]time.Time{}}
	}
	return s.instances[id]
}

// Forget drops what the service knows of an instance that is gone. The account must be locked.
func (s *Service) Forget(id string) { delete(s.instances, id) }

// Handler is the metadata service as the instance itself sees it. It locks the account by itself.
func (s *Service) Handler(instanceID string) wire.Beside { return s.HandlerBehind(instanceID, 0) }

// HandlerBehind is the metadata service as seen from so many network hops further on, 1 for a container behind a bridge.
// Tokens get as far as the instance's hop limit and no further: who is beyond waits for one in vain.
func (s *Service) HandlerBehind(instanceID string, hops int) wire.Beside {
	v := &view{service: s, id: instanceID, hops: hops}
	return wire.Beside{
		Name:      "imds",
		Operation: operation,
		Refuse:    func(w http.ResponseWriter, e *wire.Error) { refuse(w, e.Status) },
		Throttled: wire.Error{Code: "Throttled", Status: http.StatusServiceUnavailable},
		Handler:   v,
	}
}

// checkOn finds an instance that can be sent something.
func (s *Service) checkOn(id string) error {
	if i, ok := s.Instance(id); !ok || !i.On {
		return fmt.Errorf("instance %s is not running", id)
	}
	return nil
}
