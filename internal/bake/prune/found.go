package prune

// Found is who uses which image; an error if any check could not tell.
func (u Uses) Found() (map[Ref][]Use, error) { return u.found, u.err() }
