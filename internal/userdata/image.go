package userdata

import "github.com/BurntSushi/toml"

// Image is the container image that user data tells the agent to run; ok is false if it does not say.
func Image(userData string) (image string, ok bool) {
	overlay, err := FromCloudConfig(userData)
	if err != nil {
		return "", false
	}
	var said struct{ Image string }
	if _, err := toml.Decode(overlay, &said); err != nil {
		return "", false
	}
	return said.Image, said.Image != ""
}

// WithImage is user data that tells the agent to run an image, and does all else that it did before. Without an image, what
// runs is left to the machine image's own settings.
func WithImage(userData, image string) (string, error) {
	overlay, err := FromCloudConfig(userData)
	if err != nil {
		return "", err
	}
	if image != "" {
		if overlay, err = SetImage(overlay, image); err != nil {
			return "", err
		}
	}
	return Embed(userData, overlay)
}
