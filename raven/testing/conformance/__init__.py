"""What every HTTP sink must do, tried with real sockets and real TLS. Those that are held to it are in `sending.KINDS`."""
