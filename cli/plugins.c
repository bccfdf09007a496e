/*
 * Backends from shared objects: --plugin FILE. Knows the name of the symbol that a plugin exports;
 * what is wrong with its record the library tells.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define PLUGIN_SYMBOL "flowrules_plugin"

/* A path with a folder in it: dlopen looks for one without in the system's folders. */
static char *plugin_path(const char *path) {
    const char *folder = strchr(path, '/') == NULL ? "./" : "";
    size_t size = strlen(folder) + strlen(path) + 1;
    char *whole = allocate(size, 1);
    memcpy(whole, folder, strlen(folder));
    memcpy(whole + strlen(folder), path, strlen(path));
    return whole;
}

/* It stays loaded until the tool ends: the context reads its record until then. */
static flowrules_status load_plugin(struct tool *tool, const char *path) {
    char *whole = plugin_path(path);
    void *handle = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
    free(whole);
    if (handle == NULL) {
        tell_error(tool, "cannot load the plugin '%s': %s", path, dlerror());
        return FLOWRULES_IO;
    }
    const struct flowrules_backend *backend = dlsym(handle, PLUGIN_SYMBOL);
    if (backend == NULL) {
        tell_error(tool, "'%s' is not a plugin: it does not export '" PLUGIN_SYMBOL "'", path);
        return FLOWRULES_USAGE;
    }
    flowrules_status status = flowrules_backend_register(tool->context, backend);
    tell_diagnostics(tool);
    if (status == FLOWRULES_USAGE)
        tell_error(tool, "the plugin '%s' cannot be used", path);
    return status;
}

flowrules_status load_plugins(struct tool *tool) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < tool->settings.plugins.count; i++)
        status = load_plugin(tool, tool->settings.plugins.items[i]);
    return status;
}
