package main

import "github.com/spf13/cobra"

// imageOptions are the flags of what makes a color run another image.
type imageOptions struct {
	ami       string
	container string
	replace   bool
	accepted  []string
}

func (o *imageOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.ami, "ami", "", "machine `image` that the color gets first, in a clone of the live stack, or in place if it is retired")
	f.StringVar(&o.container, "image", "", "container image that the agent runs there, by `reference`: its settings go into the user data")
	f.BoolVar(&o.replace, "replace-user-data", false, "leave to the agent the container that the live user data starts by itself")
	f.StringArrayVar(&o.accepted, "accept-loss", nil, "`name` of a setting that a clone may lose (repeatable)")
}

// given says that the color is to run another image.
func (o *imageOptions) given() bool { return o.ami != "" || o.container != "" || o.replace }
