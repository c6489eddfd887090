// Package dns reads and changes the records of Route 53 zones, in our words.
package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
	ListHostedZonesByName(context.Context, *route53.ListHostedZonesByNameInput, ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error)
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
}

// Client calls Route 53.
type Client struct{ api api }

// maxBackoff is how long the SDK waits at most between two attempts at a call. A rollback that meets a throttled or
// unreachable Route 53 goes through soon after that is over, and Route 53 takes five calls a second.
const maxBackoff = 2 * time.Second

// New makes a client.
func New(cfg aws.Config) *Client {
	return &Client{route53.NewFromConfig(cfg, func(o *route53.Options) {
		if o.Retryer != nil {
			o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, maxBackoff)
		}
	})}
}

// Zone is a hosted zone.
type Zone struct {
	ID      string // without "/hostedzone/"
	Name    string // with a trailing dot
	Private bool
}

// Zone reads a zone by its id. A missing one is awserr.ErrNotFound.
func (c *Client) Zone(ctx context.Context, id string) (Zone, error) {
	out, err := c.api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		return Zone{}, awserr.Wrap(err, "read hosted zone %s", id)
	}
	return zone(*out.HostedZone), nil
}

// Zones finds all zones of exactly this name: there may be a public one and private ones.
func (c *Client) Zones(ctx context.Context, name string) ([]Zone, error) {
	name = Normal(name)
	var found []Zone
	in := &route53.ListHostedZonesByNameInput{DNSName: &name}
	for {
		out, err := c.api.ListHostedZonesByName(ctx, in)
		if err != nil {
			return nil, awserr.Wrap(err, "find hosted zone %s", name)
		}
		for _, z := range out.HostedZones {
			if aws.ToString(z.Name) != name { // the list goes on with the zones that follow
				return found, nil
			}
			found = append(found, zone(z))
		}
		if !out.IsTruncated {
			return found, nil
		}
		in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
	}
}

func zone(z types.HostedZone) Zone {
	return Zone{
		ID: strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), Name: aws.ToString(z.Name),
		Private: z.Config != nil && z.Config.PrivateZone,
	}
}

// List reads the records of the given names. Names that stand close to each other in the zone cost one call together.
func (c *Client) List(ctx context.Context, zoneID string, names ...string) ([]Record, error) {
	wanted := make([]string, len(names))
	for i, n := range names {
		wanted[i] = Normal(n)
	}
	slices.SortFunc(wanted, Compare)
	last := wanted[len(wanted)-1]

	var found []Record
	at := 0
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zoneID, StartRecordName: &wanted[at]}
	for {
		out, err := c.api.ListResourceRecordSets(ctx, in)
		if err != nil {
			return nil, awserr.Wrap(err, "list the records of zone %s", zoneID)
		}
		for _, s := range out.ResourceRecordSets {
			if slices.Contains(wanted, aws.ToString(s.Name)) {
				found = append(found, fromSDK(s))
			}
		}
		if !out.IsTruncated || Compare(aws.ToString(out.NextRecordName), last) > 0 {
			return found, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
		// Skip what lies between this page and the next name that is wanted; to each name once, so that there is an end.
		next, _ := slices.BinarySearchFunc(wanted, aws.ToString(out.NextRecordName), Compare)
		if next > at && wanted[next] != aws.ToString(out.NextRecordName) {
			at = next
			in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = &wanted[at], "", nil
		}
	}
}

// Change is one line of a batch.
type Change struct {
	Action Action
	Record Record
}

// Action is what a change does.
type Action string

// There is no UPSERT on purpose: it would overwrite what somebody else has written.
const (
	Delete Action = "DELETE"
	Create Action = "CREATE"
)

func (c Change) String() string { return fmt.Sprintf("%s %s", c.Action, c.Record) }

// ConflictError is a batch that Route 53 refused as a whole because the zone is not as the batch says.
type ConflictError struct{ Messages []string }

func (e *ConflictError) Error() string {
	return "Route 53 refused the batch: " + strings.Join(e.Messages, "; ")
}

// Apply sends a batch: all of it or nothing comes to be. It returns the id of the change, by which Synced asks. A batch that
// does not fit the zone is a *ConflictError; since the call has no token, that can also be the retry of a batch whose
// reply was lost.
func (c *Client) Apply(ctx context.Context, zoneID string, changes []Change, comment string) (changeID string, err error) {
	batch := &types.ChangeBatch{Comment: &comment}
	for _, ch := range changes {
		batch.Changes = append(batch.Changes, types.Change{Action: types.ChangeAction(ch.Action), ResourceRecordSet: ch.Record.toSDK()})
	}
	out, err := c.api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zoneID, ChangeBatch: batch})
	var invalid *types.InvalidChangeBatch
	if errors.As(err, &invalid) {
		messages := invalid.Messages
		if len(messages) == 0 {
			messages = []string{invalid.ErrorMessage()}
		}
		return "", &ConflictError{Messages: messages}
	}
	if err != nil {
		return "", awserr.Wrap(err, "change the records of zone %s", zoneID)
	}
	return strings.TrimPrefix(aws.ToString(out.ChangeInfo.Id), "/change/"), nil
}

// Synced says whether all name servers of Route 53 have a change.
func (c *Client) Synced(ctx context.Context, changeID string) (bool, error) {
	out, err := c.api.GetChange(ctx, &route53.GetChangeInput{Id: &changeID})
	if err != nil {
		return false, awserr.Wrap(err, "ask for change %s", changeID)
	}
	return out.ChangeInfo.Status == types.ChangeStatusInsync, nil
}
