#include "tools/load/mail/mail_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace gatepost::tools {

namespace {

const char* fate_to_text(RecipientFate fate) {
    switch (fate) {
        case RecipientFate::accepted:
            return "accepted";
        case RecipientFate::rejected:
            return "rejected";
        case RecipientFate::unknown:
            return "unknown";
        case RecipientFate::pending:
        case RecipientFate::unsent:
            break;
    }
    return nullptr;
}

}  // namespace

Result<MailLedger> MailLedger::open(const std::string& path) {
    MailLedger ledger;
    ledger.path_ = path;
    ledger.file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!ledger.file_)
        return fail(ErrorCode::refused, "cannot write the ledger {}: {}", path,
                    std::strerror(errno));
    return ledger;
}

void MailLedger::add(std::string_view id, const MessageOutcome& outcome) {
    for (const RecipientOutcome& recipient : outcome.recipients)
        if (const char* fate = fate_to_text(recipient.fate))
            fmt::format_to(std::back_inserter(lines_), "{}\t{}\t{}\n", fate, id, recipient.address);
}

Status MailLedger::flush() {
    std::string_view rest = lines_;
    while (!rest.empty()) {
        const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return fail(ErrorCode::refused, "cannot write the ledger {}: {}", path_,
                        std::strerror(errno));
        rest.remove_prefix(static_cast<size_t>(written));
    }
    lines_.clear();
    return {};
}

}  // namespace gatepost::tools
