check kinds/names.lock
