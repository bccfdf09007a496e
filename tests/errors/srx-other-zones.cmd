import juniper-srx configurations/srx-notes.set --set from-zone=dmz --set to-zone=trust
