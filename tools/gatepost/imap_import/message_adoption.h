// Notes as copies what is in our mailbox already without a note.
#pragma once

#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/message_listing.h"
#include "tools/gatepost/imap_import/import_ends.h"
#include "tools/gatepost/imap_import/import_state.h"

namespace gatepost::tools {

// Takes out of `messages`, of the folder that is open at the source, those that are in the mailbox
// that is open on our side with a UID of at least `own_uid_min`. Gives how many.
Result<size_t> adopt_copies(ServerPair& servers, ImportState& state, FolderState& folder,
                            FlagTable& flags, uint32_t own_uid_min,
                            std::vector<RemoteMessage>& messages);

}  // namespace gatepost::tools
