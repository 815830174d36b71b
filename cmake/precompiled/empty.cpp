// The libraries that hold the precompiled headers need a source.
