// Both ends of an import, and connections to them.
#pragma once

#include <memory>
#include <string>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/mail_server.h"

namespace gatepost::tools {

struct ImportEnd {
    ServerAddress address;
    TlsTrust trust;
    std::string user;
    std::string password;
};

struct ImportEnds {
    ImportEnd source;
    ImportEnd own;  // Gatepost
    Waits waits;
    const StopSignal& stop;
};

// What one thread works with.
struct ServerPair {
    std::unique_ptr<MailServer> source;
    std::unique_ptr<MailServer> own;

    void reset() {
        source.reset();
        own.reset();
    }
};

// Logged in.
Result<std::unique_ptr<MailServer>> connect_end(const ImportEnd& end, const ImportEnds& ends);

}  // namespace gatepost::tools
