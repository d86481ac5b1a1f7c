// The command lines of the processes that the supervisor runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataplane/netio/listen_socket.h"
#include "storage/base/error.h"
#include "tools/gatepost/config/config.h"
#include "tools/gatepost/supervisor/process.h"

namespace gatepost::tools {

struct ChildPrograms {
    std::string dataplane;
    std::string controlplane;

    static Result<ChildPrograms> find();
};

struct ConfiguredListen {
    dataplane::ListenerUse use;
    Endpoint address;
};
std::vector<ConfiguredListen> configured_listens(const Config& config);
// Every address that the configuration names, with a socket for each worker.
Result<std::vector<dataplane::Listener>> open_listeners(const Config& config, unsigned workers);

// Descriptors stay open in the supervisor, so that queries wait in the kernel's buffers during a
// restart.
ProcessSpec dataplane_spec(const ChildPrograms& programs, const Config& config,
                           const std::vector<dataplane::Listener>& listeners, int channel,
                           int runtime);
// What every process of the dataplane is given, whatever it serves.
void add_dataplane_options(ProcessSpec& spec, const Config& config, int channel, int runtime);
ProcessSpec controlplane_spec(const ChildPrograms& programs, const Config& config, int channel,
                              int runtime);

// The first line of database.password_file; "" where none is configured.
Result<std::string> read_password(const Config& config);

}  // namespace gatepost::tools
