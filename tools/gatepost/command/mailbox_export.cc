// gatepost mailbox export
#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "controlplane/model/mailbox.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/mail/maildir.h"
#include "tools/gatepost/mail/mbox.h"
#include "tools/gatepost/mail/message_header.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Connection;
using controlplane::Mailbox;
using controlplane::StoredMessage;
using nlohmann::ordered_json;

constexpr size_t kPage = 1000;  // rows of one query

struct ExportCount {
    uint64_t written = 0;
    uint64_t octets = 0;
    uint64_t known = 0;  // that were in the Maildir already
    uint64_t failed = 0;
};

// Where messages go. Each returns whether it was written; false: it was there.
class ExportTarget {
  public:
    virtual ~ExportTarget() = default;
    virtual Status begin(const Mailbox& mailbox) = 0;
    virtual Result<bool> add(const StoredMessage& message, std::string_view octets) = 0;
    virtual Status end() = 0;
};

class MaildirTarget final : public ExportTarget {
  public:
    // `single`: the one mailbox becomes the folder itself, whatever its name is.
    MaildirTarget(std::string directory, bool single)
        : directory_(std::move(directory)), single_(single) {}

    Status begin(const Mailbox& mailbox) override {
        std::string path = directory_;
        if (!single_ && mailbox.name != "INBOX")
            path += "/" + maildir_folder_from_name(mailbox.name);
        auto writer = MaildirWriter::open(path);
        if (!writer) return tl::unexpected(std::move(writer).error());
        writer_ = std::move(*writer);
        uid_validity_ = mailbox.uid_validity;
        return {};
    }
    Result<bool> add(const StoredMessage& message, std::string_view octets) override {
        constexpr int64_t kSecondUs = 1'000'000;
        // The same at each export, so that a second one goes on where the first one ended.
        const std::string unique =
            fmt::format("{}.V{}U{}.gatepost,S={}", message.internal_date_us / kSecondUs,
                        uid_validity_, message.uid, octets.size());
        return writer_->add(unique, octets, {message.flags, message.keywords},
                            message.internal_date_us);
    }
    Status end() override { return writer_->finish(); }

  private:
    std::string directory_;
    bool single_;
    std::optional<MaildirWriter> writer_;
    uint64_t uid_validity_ = 0;
};

class MboxTarget final : public ExportTarget {
  public:
    // Refused where the file is there.
    static Result<std::unique_ptr<ExportTarget>> open(const std::string& path) {
        UniqueFd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!made)
            return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                        "cannot make {}: {}", path, std::strerror(errno));
        return std::unique_ptr<ExportTarget>(new MboxTarget(path));
    }

    Status begin(const Mailbox&) override { return {}; }
    Result<bool> add(const StoredMessage& message, std::string_view octets) override {
        const std::string path = field_text(split_message(octets), "Return-Path");
        std::vector<std::string> senders = addresses_in(path);
        file_ << mbox_from_line(senders.empty() ? "" : senders.front(), message.internal_date_us)
              << mbox_quoted(octets);
        return checked();
    }
    Status end() override {
        file_.flush();
        auto written = checked();
        return written ? Status() : tl::unexpected(std::move(written).error());
    }

  private:
    explicit MboxTarget(const std::string& path)
        : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}
    Result<bool> checked() {
        if (file_) return true;
        return fail(ErrorCode::refused, "cannot write {}: {}", path_, std::strerror(errno));
    }

    std::string path_;
    std::ofstream file_;
};

Result<std::unique_ptr<ExportTarget>> target_of(const Arguments& arguments, bool single) {
    if (arguments.has("--maildir") == arguments.has("--mbox"))
        return fail(ErrorCode::usage, "either --maildir or --mbox is needed");
    if (arguments.has("--mbox")) return MboxTarget::open(arguments.text("--mbox"));
    return std::make_unique<MaildirTarget>(arguments.text("--maildir"), single);
}

// A message that cannot be read is told of, and the others follow; a target that cannot be written
// ends it.
Status export_mailbox(Context& context, Connection& connection,
                      const storage::MessageFolder& folder, const Mailbox& mailbox,
                      ExportTarget& target, ExportCount& count) {
    if (Status begun = target.begin(mailbox); !begun) return begun;
    Progress progress(stderr, context.progress_style(), "export " + mailbox.name, "messages");
    uint64_t done = 0;
    for (uint64_t after = 0;;) {
        auto page = controlplane::message_list(connection, mailbox.id, after, kPage);
        if (!page) return tl::unexpected(std::move(page).error());
        if (page->empty()) break;
        for (StoredMessage& message : *page) {
            after = message.uid;
            progress.update(++done, mailbox.messages);
            auto octets = stored_octets(connection, folder, message);
            if (!octets) {
                progress.clear();
                context.warning(fmt::format("{} UID {}: {}", mailbox.name, message.uid,
                                            octets.error().message));
                ++count.failed;
                continue;
            }
            auto written = target.add(message, *octets);
            if (!written) return tl::unexpected(std::move(written).error());
            ++(*written ? count.written : count.known);
            count.octets += octets->size();
        }
    }
    return target.end();
}

Result<std::vector<Mailbox>> wanted_mailboxes(Connection& connection, const std::string& address,
                                              const std::string& only) {
    if (only.empty()) return controlplane::mailbox_list(connection, address);
    auto mailbox = controlplane::mailbox_get(connection, address, only);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    return std::vector<Mailbox>{std::move(*mailbox)};
}

Result<int> export_mail(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto only = mailbox_argument(arguments, "--folder");
    if (!only) return tl::unexpected(std::move(only).error());
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto mailboxes = wanted_mailboxes(*connection, *address, *only);
    if (!mailboxes) return tl::unexpected(std::move(mailboxes).error());
    auto folder = storage::MessageFolder::open(config->messages());
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto target = target_of(arguments, !only->empty());
    if (!target) return tl::unexpected(std::move(target).error());
    ExportCount count;
    for (const Mailbox& mailbox : *mailboxes)
        if (Status done = export_mailbox(context, *connection, *folder, mailbox, **target, count);
            !done)
            return tl::unexpected(std::move(done).error());
    if (context.json())
        context.print(ordered_json{{"address", *address},
                                   {"mailboxes", mailboxes->size()},
                                   {"written", count.written},
                                   {"already_there", count.known},
                                   {"size_bytes", count.octets},
                                   {"failed", count.failed}}
                          .dump(2) +
                      "\n");
    else
        context.note(
            fmt::format("{} of {}, {}{}{}", counted(count.written, "message"), *address,
                        human_size(count.octets),
                        count.known > 0 ? fmt::format(", {} there before", count.known) : "",
                        count.failed > 0 ? fmt::format(", {} failed", count.failed) : ""));
    return count.failed > 0 ? kExitWarnings : kExitDone;
}

}  // namespace

Result<std::string> stored_octets(Connection& connection, const storage::MessageFolder& folder,
                                  StoredMessage& message) {
    const auto read = [&]() -> Result<std::string> {
        auto file = folder.body(message.body);
        if (!file) return tl::unexpected(std::move(file).error());
        return file->read_all();
    };
    auto octets = read();
    if (octets) return octets;
    auto again = controlplane::message_by_uid(connection, message.mailbox_id, message.uid);
    if (!again || again->empty() || again->front().body == message.body) return octets;
    message.body = again->front().body;
    return read();
}

std::vector<CommandSpec> mailbox_export_commands() {
    return {
        {.noun = "mailbox",
         .verb = "export",
         .summary = "Writes an account's mail to a Maildir or an mbox file. A message that cannot "
                    "be read is told of, and the others follow (exit code 8).",
         .arguments = {kAddressArgument},
         .options = {{"--maildir", "DIR",
                      "a Maildir (Maildir++), with flags; goes on where an "
                      "earlier export ended"},
                     {"--mbox", "FILE", "a new mbox file (mboxrd), without flags"},
                     {"--folder", "MAILBOX", "this one only (default: all)"}},
         .examples = {"gatepost mailbox export ada@example.org --maildir backup/ada",
                      "gatepost mailbox export ada@example.org --mbox ada.mbox --folder INBOX"},
         .run = export_mail},
    };
}

}  // namespace gatepost::tools
