# flowrules target host, version 1e1db640: name this file in imports.
{ pkgs, config, ... }:
{
  environment.etc."flowrules/host.nft".text = ''
    # Target host, version 1e1db640: what these chains do not accept is dropped.
    # Shuts: SSH (tcp/22), DHCPv6 (udp/546) in
    # The unit flowrules-host.service loads it in one transaction, which replaces this table alone.
    # Undo with: nft delete table inet flowrules_host

    add table inet flowrules_host
    delete table inet flowrules_host

    table inet flowrules_host {
    	chain input {
    		type filter hook input priority filter; policy drop;
    		ct state established,related accept
    		iifname "lo" accept
    		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
    		icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } ip6 hoplimit 1 accept
    		icmp type destination-unreachable icmp code frag-needed accept
    		icmpv6 type packet-too-big accept
    		tcp flags & (fin | syn | rst | ack) != syn drop
    		jump in_any
    		ip saddr 198.51.100.0/24 tcp dport 22 counter accept comment "ssh"
    		ip6 saddr 2001:db8:51::/48 tcp dport 22 counter accept comment "ssh"
    		counter comment "denied: no rule allows it"
    	}

    	chain in_any {
    		tcp dport { 80, 443 } counter accept comment "web"
    		icmp type 8 counter accept comment "ping"
    		icmpv6 type 128 counter accept comment "ping"
    	}
    }
  '';
  systemd.services."flowrules-host" = {
    description = "Firewall rules, flowrules target host";
    wantedBy = [ "sysinit.target" "nftables.service" ];
    wants = [ "network-pre.target" ];
    before = [ "network-pre.target" "shutdown.target" ];
    after = [ "local-fs.target" "nftables.service" "firewall.service" ];
    partOf = [ "nftables.service" ];
    conflicts = [ "shutdown.target" ];
    unitConfig.DefaultDependencies = false;
    unitConfig.ReloadPropagatedFrom = "nftables.service";
    reloadIfChanged = true;
    restartTriggers = [ config.environment.etc."flowrules/host.nft".source ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${pkgs.nftables}/bin/nft -f /etc/flowrules/host.nft";
      ExecReload = "${pkgs.nftables}/bin/nft -f /etc/flowrules/host.nft";
    };
  };
}
