package imds

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// metadata is everything below meta-data/ that an instance can read now, by path.
func (s *Service) metadata(i Instance) map[string]string {
	tree := i.basics(s.Account.Region)
	maps.Copy(tree, s.notices(i.ID))
	if i.TagsAllowed {
		for key, value := range i.Tags {
			tree["tags/instance/"+key] = value
		}
	}
	if role := i.role(); role != "" {
		tree["iam/info"] = document(map[string]string{
			"Code": "Success", "LastUpdated": s.current(i.ID).LastUpdated,
			"InstanceProfileArn": i.Profile, "InstanceProfileId": i.ProfileID,
		})
		tree["iam/security-credentials/"+role] = document(s.current(i.ID))
	}
	return tree
}

// basics is what is settled when an instance is launched.
func (i Instance) basics(region string) map[string]string {
	mac := i.mac()
	card := "network/interfaces/macs/" + mac + "/"
	groups := strings.Join(i.SecurityGroups, "\n")
	return map[string]string{
		"ami-id": i.ImageID, "ami-launch-index": strconv.Itoa(i.Index), "hostname": i.Hostname, "instance-action": "none",
		"instance-id": i.ID, "instance-life-cycle": i.Lifecycle, "instance-type": i.Type,
		"local-hostname": i.Hostname, "local-ipv4": i.Addr.String(), "mac": mac, "profile": "default-hvm",
		"reservation-id": i.ReservationID, "security-groups": groups, "system": "nitro",
		"placement/availability-zone": i.Zone, "placement/region": region,
		"services/domain": "amazonaws.com", "services/partition": "aws",
		card + "mac": mac, card + "device-number": "0", card + "local-ipv4s": i.Addr.String(), card + "local-hostname": i.Hostname,
		card + "security-groups": groups, card + "subnet-id": i.SubnetID, card + "vpc-id": i.VPCID,
	}
}

// mac is an address of hardware that follows from the private one.
func (i Instance) mac() string {
	a := i.Addr.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
}

// identity is the instance identity document.
func (i Instance) identity(accountID, region string) string {
	return document(map[string]any{
		"accountId": accountID, "architecture": i.Architecture, "availabilityZone": i.Zone, "billingProducts": nil,
		"devpayProductCodes": nil, "marketplaceProductCodes": nil, "imageId": i.ImageID, "instanceId": i.ID, "instanceType": i.Type,
		"kernelId": nil, "pendingTime": stamp(i.Launched), "privateIp": i.Addr.String(), "ramdiskId": nil, "region": region,
		"version": "2017-09-30",
	})
}

// find is what a tree has at a path: a value, or for a folder the names in it, of which folders end with a slash.
func find(tree map[string]string, path string) (text string, ok bool) {
	path = strings.TrimSuffix(path, "/")
	if value, leaf := tree[path]; leaf {
		return value, true
	}
	names := map[string]bool{}
	for leaf := range tree {
		rest := leaf
		if path != "" {
			if rest, ok = strings.CutPrefix(leaf, path+"/"); !ok {
				continue
			}
		}
		name, _, folder := strings.Cut(rest, "/")
		if folder {
			name += "/"
		}
		names[name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), "\n"), len(names) > 0
}
