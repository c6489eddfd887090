package bake

import (
	"context"
	"errors"
	"slices"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
)

// Listed is an AMI of the app, as people look for it.
type Listed struct {
	ID      string    `json:"id"`
	Region  string    `json:"region"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	State   string    `json:"state"`
	Status  string    `json:"status"`
	Key     string    `json:"key"`
	Image   string    `json:"app_image"`
	Agent   string    `json:"agent"`
	Source  string    `json:"copy_of,omitempty"`
	Pointer string    `json:"pointer,omitempty"` // "promoted", or "previous"
}

// List is all AMIs of the app, the newest first.
func (b *Bakery) List(ctx context.Context) ([]Listed, error) {
	var all []Listed
	for _, region := range b.regions() {
		cloud := b.Cloud.In(region)
		pointers := map[string]string{}
		for _, p := range []struct{ name, word string }{{b.previous(), "previous"}, {b.Settings.Promote.Parameter, "promoted"}} {
			value, err := cloud.Params.Get(ctx, p.name)
			if err != nil && !errors.Is(err, awserr.ErrNotFound) {
				return nil, err
			}
			pointers[value.Value] = p.word
		}
		found, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagManaged: Managed}, Everything: true})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			all = append(all, Listed{
				ID: i.ID, Region: region, Name: i.Name, Created: i.Created, State: i.State, Status: i.Tags[TagStatus], Key: i.Tags[TagKey],
				Image: i.Tags[TagImage], Agent: i.Tags[TagAgent], Source: i.Tags[tagSource], Pointer: pointers[i.ID],
			})
		}
	}
	slices.SortStableFunc(all, func(a, b Listed) int { return b.Created.Compare(a.Created) })
	return all, nil
}
