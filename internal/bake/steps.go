package bake

import (
	"time"

	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/step"
)

// Baking is the state of a run that makes an AMI, or tests one.
type Baking struct {
	Tag     string    `json:"tag"` // of this run, on what it makes
	Began   time.Time `json:"began"`
	Expires time.Time `json:"expires"` // when anybody may end its builder, and it is gone on with no more

	Key    string `json:"key,omitempty"`
	Name   string `json:"name,omitempty"` // of the AMI
	Base   string `json:"base,omitempty"` // id of the AMI that it is made of
	App    string `json:"app,omitempty"`  // the app's image, by digest
	Agent  string `json:"agent,omitempty"`
	Digest string `json:"digest"` // of the app's image

	Channel string      `json:"channel,omitempty"` // by which its instances are heard; a run goes on with the one that it began with
	Ways    *bakingWays `json:"ways,omitempty"`    // likewise

	Staged       []string `json:"staged,omitempty"`  // keys in the bucket
	Builder      string   `json:"builder,omitempty"` // ids
	BuildCommand string   `json:"build_command,omitempty"`
	Image        string   `json:"image,omitempty"`
	Test         string   `json:"test,omitempty"`
	TestCommand  string   `json:"test_command,omitempty"`

	Ready    *recipe.Ready    `json:"ready,omitempty"` // what the builder says of itself
	Verified *recipe.Verified `json:"verified,omitempty"`
}

// goods are what a builder gets, which is too large for a journal. A run that goes on has the same: its key says so.
type goods struct {
	inputs   recipe.Inputs
	cargo    recipe.Cargo
	agentDeb []byte // the agent's package; nil where the base AMI has it
}

// bakeSteps make an AMI and prove it.
func bakeSteps(r *run[Baking], g *goods) []step.Step[Baking] {
	b := &baker{r, g}
	var steps []step.Step[Baking]
	if b.ways().Bucket != "" {
		steps = append(steps, step.Step[Baking]{
			Name: "stage", Title: "put the files of the builder into S3", Back: "remove the files from S3",
			Calls: []string{"PutObject, for each file that is not small"}, Do: b.stage, Undo: b.unstage,
		})
	}
	steps = append(steps,
		step.Step[Baking]{
			Name: "builder", Title: "launch the builder", Back: "terminate the builder",
			Calls: []string{"RunInstances"}, Do: b.launchBuilder, Undo: b.endBuilder,
		},
	)
	if b.sent() {
		steps = append(steps, step.Step[Baking]{
			Name: "command", Title: "send the builder its command", Calls: []string{"SendCommand"}, Do: b.commandBuilder,
		})
	}
	steps = append(steps,
		step.Step[Baking]{Name: "provision", Title: "wait until the builder is provisioned", Do: b.provisioned},
	)
	if !b.ways().Running {
		steps = append(steps, step.Step[Baking]{
			Name: "stop", Title: "stop the builder", Calls: []string{"StopInstances"}, Do: b.stopBuilder,
		}, step.Step[Baking]{Name: "stopped", Title: "wait until the builder has stopped", Do: b.stopped})
	}
	steps = append(steps,
		step.Step[Baking]{
			Name: "image", Title: "make the AMI", Back: "deregister the AMI", Calls: []string{"CreateImage"}, Do: b.makeImage, Undo: b.unmakeImage,
		},
		step.Step[Baking]{Name: "available", Title: "wait until the AMI is there", Do: b.available},
		step.Step[Baking]{Name: "end-builder", Title: "terminate the builder", Calls: []string{"TerminateInstances"}, Do: b.endBuilder},
	)
	if b.ways().Bucket != "" {
		steps = append(steps, step.Step[Baking]{
			Name: "unstage", Title: "remove the files from S3", Calls: []string{"DeleteObject, for each"}, Do: b.unstage,
		})
	}
	return append(steps, verifySteps(r)...)
}

// verifySteps prove an AMI on an instance that is made of it.
func verifySteps(r *run[Baking]) []step.Step[Baking] {
	b := &baker{r, nil}
	steps := []step.Step[Baking]{{
		Name: "test", Title: "launch a test instance of the AMI", Back: "terminate the test instance",
		Calls: []string{"RunInstances"}, Do: b.launchTest, Undo: b.endTest,
	}}
	if b.sent() {
		steps = append(steps, step.Step[Baking]{
			Name: "test-command", Title: "send the test instance its command", Calls: []string{"SendCommand"}, Do: b.commandTest,
		})
	}
	return append(steps,
		step.Step[Baking]{Name: "verify", Title: "wait until the test instance has proven itself", Do: b.verified},
		step.Step[Baking]{Name: "end-test", Title: "terminate the test instance", Calls: []string{"TerminateInstances"}, Do: b.endTest},
		step.Step[Baking]{Name: "mark", Title: "note in the AMI's tags that it is proven", Calls: []string{"CreateTags"}, Do: b.mark},
	)
}

// baker does the steps.
type baker struct {
	*run[Baking]
	goods *goods // nil where nothing is made: in an undo, or a test of an AMI
}
