package ec2

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

// Metadata is what the metadata service of an instance tells it about itself.
type Metadata struct {
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
	UserData       string // decoded
	On             bool   // neither stopped nor terminated

	Endpoint       bool // the metadata service answers
	TokensRequired bool // without a token it refuses
	HopLimit       int  // how far its tokens get
	TagsAllowed    bool // it tells the tags
}

// Metadata is what an instance can know about itself; false when there is no such instance.
func (s *Service) Metadata(id string) (Metadata, bool) {
	i, ok := s.instances.get(id)
	if !ok {
		return Metadata{}, false
	}
	userData, _ := base64.StdEncoding.DecodeString(aws.ToString(i.settings.UserData)) // was checked when it was given
	o := i.MetadataOptions
	m := Metadata{
		ID: id, ReservationID: i.reservation, Index: int(aws.ToInt32(i.AmiLaunchIndex)),
		ImageID: *i.ImageId, Type: string(i.InstanceType), Architecture: string(i.Architecture),
		Zone: *i.Placement.AvailabilityZone, SubnetID: *i.SubnetId, VPCID: *i.VpcId, Addr: i.addr, Hostname: s.privateName(i.addr.String()),
		Lifecycle: "on-demand", Launched: *i.LaunchTime, Tags: maps.Clone(s.tags[id]), UserData: string(userData),
		On:       i.alive(),
		Endpoint: o.HttpEndpoint == types.InstanceMetadataEndpointStateEnabled, TokensRequired: o.HttpTokens == types.HttpTokensStateRequired,
		HopLimit: int(aws.ToInt32(o.HttpPutResponseHopLimit)), TagsAllowed: o.InstanceMetadataTags == types.InstanceMetadataTagsStateEnabled,
	}
	for _, g := range i.SecurityGroups {
		m.SecurityGroups = append(m.SecurityGroups, *g.GroupName)
	}
	if i.IamInstanceProfile != nil {
		m.Profile, m.ProfileID = *i.IamInstanceProfile.Arn, *i.IamInstanceProfile.Id
	}
	if i.InstanceLifecycle == types.InstanceLifecycleTypeSpot {
		m.Lifecycle = "spot"
	}
	return m, true
}

// alive says whether the instance has power: it has until it has shut down.
func (i *instance) alive() bool { return i.state() != launch.Stopped && i.state() != launch.Terminated }
