package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/journal"
	"bluegreen/internal/resolve"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// App is one app in one account, as this process works on it.
type App struct {
	Config   Config
	Cloud    *aws.Account
	Resolver resolve.Client
	// Dial connects probes; nil is that of package net.
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Report Reporter
	Owner  string // names this process to people: "user@host pid 4711"
	// Bakery opens the bakery of the app's machine images by the file of its settings; nil where nothing is baked.
	Bakery func(ctx context.Context, settings string) (*Bakery, error)

	zone traffic.Zone
}

// Open finds the app's zone. It makes no call when the configuration has the zone's id.
func (a *App) Open(ctx context.Context) error {
	if a.Report == nil {
		a.Report = Silent{}
	}
	id := strings.TrimPrefix(a.Config.DNS.ZoneID, "/hostedzone/")
	if id == "" {
		var err error
		if id, err = a.findZone(ctx); err != nil {
			return err
		}
	}
	a.zone = traffic.Zone{App: a.Config.records(id), Client: a.Cloud.DNS}
	return nil
}

func (a *App) findZone(ctx context.Context) (string, error) {
	zones, err := a.Cloud.DNS.Zones(ctx, a.Config.DNS.Zone)
	if err != nil {
		return "", err
	}
	var public []dns.Zone
	for _, z := range zones {
		if !z.Private {
			public = append(public, z)
		}
	}
	switch {
	case len(public) == 1:
		return public[0].ID, nil
	case len(public) > 1:
		return "", fmt.Errorf("there are %d public zones %s: set dns.zone_id to the one that is delegated", len(public), a.Config.DNS.Zone)
	case len(zones) > 0:
		return "", errPrivate(a.Config.DNS.Zone)
	}
	return "", fmt.Errorf("there is no hosted zone %s in this account: check dns.zone and the account (aws sts get-caller-identity)", a.Config.DNS.Zone)
}

func errPrivate(zone string) error {
	return fmt.Errorf("zone %s is private: only records of a public zone can be switched for now", zone)
}

// store is where the app's journal is kept.
func (a *App) store() step.Store {
	if dir, ok := strings.CutPrefix(a.Config.Journal, "file:"); ok {
		return journal.InFiles(dir, a.Config.App)
	}
	return bounded{journal.InParams(a.Cloud.Params, a.Config.App)}
}

// keptDeployments is how many of an app's deployments stay in the journal. An account has room for 10,000 parameters.
const keptDeployments = 100

// bounded is a journal from which old deployments go when one ends.
type bounded struct{ *journal.Params }

// Trim implements step.Trimmer.
func (b bounded) Trim(ctx context.Context, run string) error {
	return errors.Join(b.Params.Trim(ctx, run), b.ForgetOld(ctx, run, keptDeployments))
}

// lease says who is alive.
func (a *App) lease() *journal.Lease {
	term := a.Config.Lease.Span()
	if dir, ok := strings.CutPrefix(a.Config.Journal, "file:"); ok {
		return journal.LeaseInFile(dir, a.Config.App, term)
	}
	return journal.LeaseInParams(a.Cloud.Params, a.Config.App, term)
}

func (a *App) event(kind Kind, deployment, format string, args ...any) {
	a.Report.Report(Event{Time: time.Now().UTC(), Event: kind, Deployment: deployment, Text: fmt.Sprintf(format, args...)})
}

// nameServers are those to which the app's zone is delegated.
func (a *App) nameServers(ctx context.Context) ([]resolve.Server, error) {
	name := a.Config.DNS.Zone
	if name == "" {
		zone, err := a.Cloud.DNS.Zone(ctx, a.zone.App.Zone)
		if err != nil {
			return nil, err
		}
		name = zone.Name
	}
	return a.Resolver.Delegated(ctx, name)
}
