// After a write: waits until the edge on this host answers with it, and says how long that took.
#pragma once

#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

// The option of every command that writes.
inline constexpr OptionSpec kNoWaitOption = {"--no-wait", "",
                                             "do not wait until this host answers with it"};

struct EdgeWait {
    bool waited = false;   // false: not wanted, or no control plane runs here
    bool reached = false;  // whether the edge answers with it
    double milliseconds = 0;
};

// Waits up to --timeout (2 s). That no control plane runs here, or that it takes longer, is a note
// and no error: the write itself is done.
EdgeWait wait_for_edge(Context& context, const Arguments& arguments, controlplane::Lsn lsn);

}  // namespace gatepost::tools
