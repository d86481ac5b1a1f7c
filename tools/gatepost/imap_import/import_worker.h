// One thread of an import, with connections of its own, which it makes again where they break.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/base/error.h"
#include "tools/gatepost/imap_import/folder_mapping.h"
#include "tools/gatepost/imap_import/import_ends.h"
#include "tools/gatepost/imap_import/import_state.h"
#include "tools/gatepost/imap_import/import_work.h"
#include "tools/gatepost/imap_import/message_copier.h"

namespace gatepost::tools {

enum class ImportPhase : uint8_t {
    survey,  // every folder is compared with what is known of it
    copies,  // what is missing is copied
};

struct ImportOptions {
    FolderChoice choice;
    unsigned connections = 3;  // to each end
    uint64_t size_max = 0;     // octets of a message that Gatepost takes
    bool dry_run = false;
};

class ImportWorker {
  public:
    // All outlive it.
    ImportWorker(const ImportEnds& ends, const ImportOptions& options, ImportState& state,
                 FlagTable& flags, ImportWork& work, ServerPair& servers)
        : ends_(ends),
          options_(options),
          state_(state),
          flags_(flags),
          work_(work),
          servers_(servers) {}

    // Until nothing is left to be taken, or everything is stopped. An error: one of the ends cannot
    // be reached any more, or the state cannot be written; what it had is given back.
    Status run(ImportPhase phase);

  private:
    enum class Step : uint8_t { done, nothing_left };

    Status connect();
    Result<Step> step(ImportPhase phase);
    Result<Step> survey();
    Result<Step> copy();
    // After an error: what of the chunk is to be tried again.
    void keep_trying(Chunk chunk, const Error& error);
    bool wait_before_retry(unsigned failures) const;

    const ImportEnds& ends_;
    const ImportOptions& options_;
    ImportState& state_;
    FlagTable& flags_;
    ImportWork& work_;
    ServerPair& servers_;
    std::optional<MessageCopier> copier_;
    bool progressed_ = false;
    uint32_t stuck_uid_ = 0;  // the message that connections broke at
    unsigned stuck_times_ = 0;
};

}  // namespace gatepost::tools
