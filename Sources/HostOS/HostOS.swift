// HostOS
