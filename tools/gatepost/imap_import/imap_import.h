// Brings the mail of an account on another IMAP server into an account of ours.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_import/folder_mapping.h"
#include "tools/gatepost/imap_import/import_ends.h"
#include "tools/gatepost/imap_import/import_state.h"
#include "tools/gatepost/imap_import/import_work.h"
#include "tools/gatepost/imap_import/import_worker.h"

namespace gatepost::tools {

// What it tells while it runs; called by the thread that runs it.
class ImportListener {
  public:
    virtual ~ImportListener() = default;
    virtual void note(const std::string& line) = 0;
    virtual void warning(const std::string& line) = 0;
    virtual void progress(ImportPhase phase, uint64_t done, uint64_t total) = 0;
};

class ImapImport {
  public:
    // All outlive it. With `dry_run`, `own` is what is there, and no connection to our end is made.
    ImapImport(const ImportEnds& ends, const ImportOptions& options, ImportState& state,
               FlagTable& flags, ImportListener& listener)
        : ends_(ends), options_(options), state_(state), flags_(flags), listener_(listener) {}

    Status run(const std::vector<OwnMailbox>& own);

    // What was done, also after an error; folders that could not be looked at have no messages.
    const std::deque<FolderWork>& folders() const { return work_.folders(); }
    // Folders that no mailbox of ours can be.
    uint64_t folders_failed() const { return folders_failed_; }

  private:
    Status prepare_folders(const std::vector<OwnMailbox>& own);
    Status make_mailboxes(const std::vector<MappedFolder>& folders);
    Status subscribe(const std::vector<MappedFolder>& folders);
    Status run_phase(ImportPhase phase);
    void tell(ImportPhase phase);

    const ImportEnds& ends_;
    const ImportOptions& options_;
    ImportState& state_;
    FlagTable& flags_;
    ImportListener& listener_;
    ImportWork work_;
    std::vector<ServerPair> servers_;
    uint64_t folders_failed_ = 0;
};

}  // namespace gatepost::tools
