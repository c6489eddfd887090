package bake

// What of the settings decides which steps a run has, and where it leaves what it has to take back, is noted in its state: settings
// may be another ones when a run that was cut off is gone on with, or undone. Runs of which nothing is noted are older than that.

// bakingWays are those of a run that makes an AMI.
type bakingWays struct {
	Bucket  string `json:"bucket,omitempty"` // in which files are staged
	Prefix  string `json:"prefix,omitempty"` // of their keys, up to the folder of the run
	Spot    bool   `json:"spot,omitempty"`
	Running bool   `json:"running,omitempty"` // the AMI is made of a builder that runs
}

// bakingWays are what the settings say now. A spot instance cannot be stopped. The guest of one that runs on has written out all
// that it had in memory before it said that it is ready.
func (b *Bakery) bakingWays() *bakingWays {
	build := b.Settings.Build
	return &bakingWays{Bucket: b.Settings.Staging.Bucket, Prefix: b.staging(), Spot: build.Spot, Running: build.NoReboot || build.Spot}
}

// ways are those of this run.
func (b *baker) ways() *bakingWays {
	if b.State.Ways != nil {
		return b.State.Ways
	}
	return b.bakingWays()
}

// promotionWays are those of a run that hands an AMI out.
type promotionWays struct {
	Parameter string `json:"parameter"` // the pointer
	Shared    bool   `json:"shared,omitempty"`
	Template  string `json:"template,omitempty"` // id of the launch template that gets a version
}

func (w promotionWays) previous() string { return w.Parameter + beforeSuffix }

// promotionWays are those of a promotion: what the settings say now, for one that has not begun.
func (b *Bakery) promotionWays(p *Promotion) promotionWays {
	if p.Ways != nil {
		return *p.Ways
	}
	s := b.Settings.Promote
	return promotionWays{Parameter: s.Parameter, Shared: s.Shared(), Template: s.LaunchTemplate}
}
