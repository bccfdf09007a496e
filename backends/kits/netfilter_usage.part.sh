# What the scripts that load rules of nftables and iptables can be asked to do; they print it,
# --help.
# @text
#   (none)             loads the rules, in place of an earlier version; can be repeated
#   --dry-run          tries it, and changes nothing
#   --confirm SECONDS  loads them, and takes what is in force now back again unless
#                      --keep is given in this time, from a new session, say; it does so
#                      also when this session or script is killed
#   --keep, --back     confirms what waits; goes back at once
#   --locked-out-is-fine  loads them also where no new session could be opened from where
#                      the one that runs this comes from, which is else refused
#   --save DIR         once they are in force (and confirmed), copies the files there
#   --grace SECONDS    for so long after the first load TCP sessions that were open go
#                      on, until connection tracking knows them (600); 0: they end,
#                      where connections were not tracked before
# The rules are gone when the machine starts again. So what comes back then is what it
# loads by itself: let that be a copy made by --save, never the files as they are rendered.
