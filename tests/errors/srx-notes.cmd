import juniper-srx configurations/srx-notes.set
