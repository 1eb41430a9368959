package imagehelpers // want `package imagehelpers: name it for what it does`
