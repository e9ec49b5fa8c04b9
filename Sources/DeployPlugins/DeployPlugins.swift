// DeployPlugins
