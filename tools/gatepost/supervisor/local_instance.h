// The directory of a `--local` instance: DIR/data (the PostgreSQL cluster, the checkpoint) and
// DIR/run (the sockets). Both are plain directories where they can be. `data` is a symbolic link to
// a place under /var/lib where the database's user cannot enter DIR (root's home directory, say);
// `run` is one to a place under /tmp where DIR's path is too long for a socket (108 octets,
// unix(7)).
#pragma once

#include <string>

#include "storage/base/error.h"
#include "tools/gatepost/config/settings.h"
#include "tools/gatepost/supervisor/process.h"

namespace gatepost::tools {

struct LocalInstance {
    std::string directory;  // as asked for, absolute
    std::string data;       // absolute, links followed
    std::string run;

    std::string cluster() const { return data + "/postgres"; }
    std::string postgres_log() const { return data + "/postgres.log"; }
    std::string state() const { return data + "/state"; }
    std::string dsn() const;
};

inline constexpr uint16_t kLocalDnsPort = 5300;
inline constexpr uint16_t kLocalDnsTlsPort = 8853;
inline constexpr uint16_t kLocalHttpsPort = 8443;
inline constexpr uint16_t kLocalHttpPort = 8080;
inline constexpr uint16_t kLocalMetricsPort = 9153;
inline constexpr uint16_t kLocalSmtpPort = 2525;
inline constexpr uint16_t kLocalSubmissionPort = 5587;
inline constexpr uint16_t kLocalSubmissionsPort = 4465;
inline constexpr uint16_t kLocalImapPort = 2143;
inline constexpr uint16_t kLocalImapsPort = 2993;

// Makes what is missing. `user` runs PostgreSQL and the control plane; null: this process's own.
Result<LocalInstance> make_local_instance(const std::string& directory, const SystemUser* user);
// One that `make_local_instance` made before.
Result<LocalInstance> open_local_instance(const std::string& directory);
// The user for PostgreSQL where this process is root.
Result<SystemUser> postgres_user();

// What --local decides unless the configuration says otherwise: paths, DSN, loopback addresses,
// users.
void apply_local_settings(const LocalInstance& instance, Settings& settings);

}  // namespace gatepost::tools
