// Compares a folder of the source with what is known of it: finds what is to be copied, and brings
// flags that have changed there since.
#pragma once

#include "storage/base/error.h"
#include "tools/gatepost/imap_import/import_ends.h"
#include "tools/gatepost/imap_import/import_work.h"

namespace gatepost::tools {

class FolderSurvey {
  public:
    // All outlive this. Where `dry_run`, our side is not connected and nothing is written.
    FolderSurvey(ServerPair& servers, ImportState& state, FlagTable& flags, bool dry_run)
        : servers_(servers), state_(state), flags_(flags), dry_run_(dry_run) {}

    // What is to be copied is in `folder.missing` then. An error: of code refused or permission
    // where a server does not show the folder, else of the connections or the state.
    Status look(FolderWork& folder);

  private:
    struct FlagChange {
        uint32_t uid = 0;
        CopiedMessage copied;  // with the new flags
        uint32_t flags_before = 0;
    };

    Status look_dry(FolderWork& folder, const std::vector<RemoteMessage>& messages);
    Status look_here(FolderWork& folder, const std::vector<RemoteMessage>& messages);
    Status bring_flags(FolderWork& folder, const std::vector<FlagChange>& changes);

    ServerPair& servers_;
    ImportState& state_;
    FlagTable& flags_;
    bool dry_run_;
};

// Our mailbox as open_folder() and STATUS want it.
std::string own_wire_name(std::string_view mailbox);

}  // namespace gatepost::tools
