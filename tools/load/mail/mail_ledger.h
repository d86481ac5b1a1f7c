// The ledger of a run: which message was accepted for whom, so that it can be looked for later.
// A line each: fate (accepted, rejected, unknown), Message-ID without <>, recipient; tabs between.
#pragma once

#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/load/mail/message_outcome.h"

namespace gatepost::tools {

class MailLedger {
  public:
    // Appends to the file, or makes it.
    static Result<MailLedger> open(const std::string& path);

    // Recipients whose message never left (RecipientFate::unsent) are not told.
    void add(std::string_view id, const MessageOutcome& outcome);
    // What was added is with the kernel then: it is there when this process is killed.
    Status flush();

  private:
    std::string path_;
    UniqueFd file_;
    std::string lines_;
};

}  // namespace gatepost::tools
