// Which mailbox of ours each folder of another server goes to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/gatepost/imap_client/folder_listing.h"

namespace gatepost::tools {

struct OwnMailbox {
    std::string name;
    std::string special_use;  // "\Sent"; ""
};

struct MappedFolder {
    RemoteFolder source;
    std::string mailbox;
    bool create = false;
    std::string special_use;  // to be created with; ""
};

struct FolderMapping {
    std::vector<MappedFolder> folders;
    std::vector<std::string> notes;     // what goes elsewhere or is left out, and why
    std::vector<std::string> failures;  // folders that no mailbox of ours can be
};

// Shell patterns ("Work*", in which "*" stands for any text) of the names as list_folders() gives
// them. Empty: all.
struct FolderChoice {
    std::vector<std::string> wanted;
    std::vector<std::string> unwanted;
};

FolderMapping map_folders(const std::vector<RemoteFolder>& folders,
                          const std::vector<OwnMailbox>& own, const FolderChoice& choice);

}  // namespace gatepost::tools
