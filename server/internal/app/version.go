package app

import "runtime/debug"

// version is set by the linker in released programs.
var version string

// Version is the version of this build: of the release, or else of the module as Go knows it.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
