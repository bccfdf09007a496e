# A machine of NixOS: a ruleset, and the unit that loads it. A template
# (include/flowrules/kits/templates.h).
# @text
# @if TITLE
# @TITLE@
# @end
# flowrules target @TARGET@, version @VERSION@: name this file in imports.
{ pkgs, config, ... }:
{
  environment.etc."flowrules/@TARGET@.nft".text = ''
    # @RULESET
  '';
  systemd.services."flowrules-@TARGET@" = {
    description = "Firewall rules, flowrules target @TARGET@";
    wantedBy = [ "sysinit.target" "nftables.service" ];
    wants = [ "network-pre.target" ];
    before = [ "network-pre.target" "shutdown.target" ];
    after = [ "local-fs.target" "nftables.service" "firewall.service" ];
    partOf = [ "nftables.service" ];
    conflicts = [ "shutdown.target" ];
    unitConfig.DefaultDependencies = false;
    unitConfig.ReloadPropagatedFrom = "nftables.service";
    reloadIfChanged = true;
    restartTriggers = [ config.environment.etc."flowrules/@TARGET@.nft".source ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${pkgs.nftables}/bin/nft -f /etc/flowrules/@TARGET@.nft";
      ExecReload = "${pkgs.nftables}/bin/nft -f /etc/flowrules/@TARGET@.nft";
    };
  };
}
