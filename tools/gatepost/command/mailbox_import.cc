// gatepost mailbox import
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_map>

#include "controlplane/model/account.h"
#include "controlplane/model/mailbox.h"
#include "controlplane/model/message_filing.h"
#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/message_output.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/mail/local_smtp.h"
#include "tools/gatepost/mail/maildir.h"
#include "tools/gatepost/mail/mbox.h"
#include "tools/gatepost/mail/message_header.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Connection;
using controlplane::KnownMessage;
using controlplane::Mailbox;
using controlplane::MessageFiling;
using nlohmann::ordered_json;

constexpr size_t kBatch = 64;  // messages that are handed in before they are filed
constexpr std::chrono::seconds kDeliveryWait{30};       // until a batch is delivered
constexpr std::chrono::milliseconds kDeliveryLook{20};  // between two looks
constexpr int64_t kSecondUs = 1'000'000;
// Octets of the fields that delivery puts in front: what two sizes of one message differ by at
// most (MessageStore::kPrefixMax).
constexpr uint64_t kPrefixMax = 8 << 10;

constexpr OptionSpec kImapOptions[] = {
    {"--imap-user", "NAME", "the user's name there"},
    {"--imap-password-file", "FILE", "its first line; - is standard input (default: asked for)"},
    {"--exclude", "PATTERN…", "not these folders, such as 'Lists*'"},
    {"--connections", "N", "at once (default 3)"},
    {"--ca-file", "FILE", "trust these certificates (default: those of this system)"},
    {"--insecure", "", "do not check who answers"},
    {"--plaintext", "", "imap:// without TLS"},
    {"--state", "FILE", "what was copied (default: ~/.local/state/gatepost/import/…)"},
};

volatile std::sig_atomic_t interrupted = 0;

// A message of a file, ready to be handed in.
struct ImportMessage {
    std::string octets;  // canonical
    MaildirFlags flags;
    std::optional<int64_t> date_us;
    std::string sender;
    std::string origin;  // for messages to people: its file
};

struct ImportCount {
    uint64_t imported = 0;
    uint64_t octets = 0;
    uint64_t known = 0;
    uint64_t failed = 0;
};

// Hands messages in over the local socket, waits until they are delivered, and files them. What was
// handed in is filed whatever happens then: only a kill between the two leaves messages in INBOX,
// which a second import does not know.
class Importer {
  public:
    Importer(Context& context, Connection& connection, LocalSmtp& smtp, std::string address)
        : context_(context), connection_(connection), smtp_(smtp), address_(std::move(address)) {}

    Status begin(const std::string& mailbox);
    Status add(ImportMessage message);
    void failed(const std::string& what) {
        context_.warning(what);
        ++count_.failed;
    }
    Status finish();
    const ImportCount& count() const { return count_; }

  private:
    bool is_known(const ImportMessage& message, const std::string& message_id) const;

    Context& context_;
    Connection& connection_;
    LocalSmtp& smtp_;
    std::string address_;
    Mailbox mailbox_;
    std::unordered_multimap<std::string, KnownMessage> known_;
    std::vector<MessageFiling> batch_;
    ImportCount count_;
};

Status Importer::begin(const std::string& name) {
    auto mailboxes = controlplane::mailbox_list(connection_, address_);
    if (!mailboxes) return tl::unexpected(std::move(mailboxes).error());
    auto found = std::ranges::find(*mailboxes, name, &Mailbox::name);
    if (found == mailboxes->end() && context_.options().dry_run) {
        known_.clear();
        mailbox_ = {.name = name};
        return {};
    }
    if (found == mailboxes->end()) {
        auto made =
            controlplane::mailbox_create(connection_, address_, name, {.actor = actor_name()});
        if (!made) return tl::unexpected(std::move(made).error());
        mailbox_ = std::move(*made->after);
    } else {
        mailbox_ = std::move(*found);
    }
    auto known = controlplane::known_messages(connection_, mailbox_.id);
    if (!known) return tl::unexpected(std::move(known).error());
    known_.clear();
    for (KnownMessage& one : *known) {
        std::string id = one.message_id;
        known_.emplace(std::move(id), std::move(one));
    }
    return {};
}

// The same Message-ID, the same second (where the file says any), and a size that fits: then it is
// the same message.
bool Importer::is_known(const ImportMessage& message, const std::string& message_id) const {
    const auto [first, last] = known_.equal_range(message_id);
    return std::any_of(first, last, [&](const auto& entry) {
        const KnownMessage& one = entry.second;
        const bool size_fits =
            one.size >= message.octets.size() && one.size - message.octets.size() <= kPrefixMax;
        const bool date_fits =
            !message.date_us || one.date_us / kSecondUs == *message.date_us / kSecondUs;
        return size_fits && date_fits;
    });
}

// A message without a Message-ID would be given one that nobody can tell before: it gets one that
// is the same whenever it is imported.
std::string with_message_id(ImportMessage& message) {
    std::string id = field_text(split_message(message.octets), "Message-ID");
    if (!id.empty()) return id;
    constexpr size_t kDigestOctets = 16;  // of 32: enough to be unique
    id = fmt::format(
        "<{}@import.invalid>",
        storage::encode_hex(storage::digest(storage::DigestKind::sha256, {message.octets})
                                .substr(0, kDigestOctets)));
    message.octets.insert(0, fmt::format("Message-ID: {}\r\n", id));
    return id;
}

Status Importer::add(ImportMessage message) {
    const std::string message_id = with_message_id(message);
    if (is_known(message, message_id)) {
        ++count_.known;
        return {};
    }
    if (context_.options().dry_run) {
        ++count_.imported;
        count_.octets += message.octets.size();
        return {};
    }
    auto handed =
        smtp_.send({.sender = message.sender, .recipients = {address_}, .octets = message.octets});
    if (!handed) {
        if (handed.error().code == 0)
            return fail(ErrorCode::unreachable, "{}: {}", message.origin, handed.error().text);
        failed(fmt::format("{}: {}", message.origin, printable(handed.error().text)));
        return {};
    }
    known_.emplace(message_id,
                   KnownMessage{message_id, message.date_us.value_or(0), message.octets.size()});
    batch_.push_back(
        {handed->blob_id, message.flags.flags, message.flags.keywords, message.date_us});
    ++count_.imported;
    count_.octets += message.octets.size();
    return batch_.size() < kBatch ? Status() : finish();
}

Status Importer::finish() {
    if (batch_.empty()) return {};
    std::vector<std::string> blobs;
    for (const MessageFiling& one : batch_) blobs.push_back(one.blob_id);
    const auto deadline = std::chrono::steady_clock::now() + context_.timeout(kDeliveryWait);
    for (;;) {
        auto there = controlplane::delivered_count(connection_, mailbox_.account_id, blobs);
        if (!there) return tl::unexpected(std::move(there).error());
        if (*there == blobs.size() || std::chrono::steady_clock::now() > deadline) break;
        std::this_thread::sleep_for(kDeliveryLook);
    }
    auto filed = controlplane::file_messages(connection_, mailbox_, batch_);
    if (!filed) return tl::unexpected(std::move(filed).error());
    const size_t wanted = std::exchange(batch_, {}).size();
    if (*filed == wanted) return {};
    return fail(ErrorCode::refused,
                "{} of {} messages that were handed in are not delivered to {} yet: they will be, "
                "but to INBOX and without flags. Does an alias lead elsewhere? See: gatepost "
                "message trace",
                wanted - *filed, wanted, address_);
}

Status import_maildir(Context& context, Importer& importer,
                      const std::vector<MaildirFolder>& folders, uint64_t size_max) {
    for (const MaildirFolder& folder : folders) {
        auto messages = maildir_messages(folder);
        if (!messages) return tl::unexpected(std::move(messages).error());
        auto name = controlplane::mailbox_name_from_text(folder.name);
        if (!name) {
            importer.failed(fmt::format("{}: {}", folder.path, name.error().message));
            continue;
        }
        if (Status begun = importer.begin(*name); !begun) return begun;
        Progress progress(stderr, context.progress_style(), "import " + *name, "messages");
        uint64_t done = 0;
        for (const MaildirMessage& message : *messages) {
            if (interrupted != 0) return importer.finish();
            progress.update(++done, messages->size());
            auto octets = read_whole_file(message.path, size_max);
            if (!octets) {
                progress.clear();
                importer.failed(octets.error().message);
                continue;
            }
            if (Status added = importer.add({.octets = canonical_message(*octets),
                                             .flags = message.flags,
                                             .date_us = message.date_us,
                                             .sender = {},
                                             .origin = message.path});
                !added)
                return added;
        }
        if (Status filed = importer.finish(); !filed) return filed;
    }
    return {};
}

Status import_mbox(Context& context, Importer& importer, const std::string& path,
                   const std::string& mailbox, uint64_t size_max) {
    auto reader = MboxReader::open(path, size_max);
    if (!reader) return tl::unexpected(std::move(reader).error());
    if (Status begun = importer.begin(mailbox); !begun) return begun;
    Progress progress(stderr, context.progress_style(), "import " + path, "octets");
    while (interrupted == 0) {
        auto message = reader->next();
        if (!message) return tl::unexpected(std::move(message).error());
        if (!*message) break;
        progress.update(reader->position(), 0);
        const std::string origin = fmt::format("{}:{}", path, (*message)->line);
        if ((*message)->too_large) {
            progress.clear();
            importer.failed(fmt::format("{}: larger than smtp.message_size_max", origin));
            continue;
        }
        const SplitMessage split = split_message((*message)->octets);
        const unsigned flags =
            mbox_flags(field_text(split, "Status"), field_text(split, "X-Status"));
        if (Status added = importer.add({.octets = canonical_message((*message)->octets),
                                         .flags = {flags, {}},
                                         .date_us = (*message)->date_us,
                                         .sender = {},
                                         .origin = origin});
            !added)
            return added;
    }
    return importer.finish();
}

void report(Context& context, const std::string& address, const ImportCount& count) {
    if (context.json()) {
        context.print(ordered_json{{"dry_run", context.options().dry_run},
                                   {"address", address},
                                   {"imported", count.imported},
                                   {"already_there", count.known},
                                   {"size_bytes", count.octets},
                                   {"failed", count.failed},
                                   {"interrupted", interrupted != 0}}
                          .dump(2) +
                      "\n");
        return;
    }
    context.note(fmt::format("{} into {}, {}{}{}{}", counted(count.imported, "message"), address,
                             human_size(count.octets),
                             count.known > 0 ? fmt::format(", {} there before", count.known) : "",
                             count.failed > 0 ? fmt::format(", {} failed", count.failed) : "",
                             interrupted != 0 ? "; interrupted, the same command goes on" : ""));
    if (context.options().dry_run) context.note("dry run: nothing was changed");
}

// One source, and no option of another one.
Status check_source(const Arguments& arguments) {
    const bool imap = arguments.has("--imap");
    const int sources = static_cast<int>(arguments.has("--maildir")) +
                        static_cast<int>(arguments.has("--mbox")) + static_cast<int>(imap);
    if (sources != 1)
        return fail(ErrorCode::usage, "one of --maildir, --mbox and --imap is needed");
    for (const OptionSpec& option : kImapOptions)
        if (!imap && arguments.has(option_key(option)))
            return fail(ErrorCode::usage, "{} is for --imap", option_key(option));
    if (!imap && arguments.list("--folder").size() > 1)
        return fail(ErrorCode::usage, "--folder: only one, but for --imap");
    return {};
}

Result<int> import_mail(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    if (Status fits = check_source(arguments); !fits)
        return tl::unexpected(std::move(fits).error());
    if (arguments.has("--imap")) return import_from_imap(context, arguments, *address);
    auto only = mailbox_argument(arguments, "--folder");
    if (!only) return tl::unexpected(std::move(only).error());
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    std::vector<MaildirFolder> folders;
    if (arguments.has("--maildir")) {
        auto found = maildir_folders(arguments.text("--maildir"));
        if (!found) return tl::unexpected(std::move(found).error());
        folders = std::move(*found);
        if (!only->empty()) folders = {{folders.front().path, *only}};
    }
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto account = controlplane::account_get(*connection, *address);
    if (!account) return tl::unexpected(std::move(account).error());
    if (!config->mail.is_served())
        return fail(ErrorCode::refused,
                    "mail is not served here: smtp.listen or smtp.socket is to be set");
    auto smtp = LocalSmtp::connect(config->mail.socket);
    if (!smtp) return tl::unexpected(std::move(smtp).error());
    Importer importer(context, *connection, *smtp, *address);
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    const uint64_t size_max = config->mail.message_size_max;
    Status done = folders.empty() ? import_mbox(context, importer, arguments.text("--mbox"),
                                                only->empty() ? "INBOX" : *only, size_max)
                                  : import_maildir(context, importer, folders, size_max);
    // What was handed in is filed, whatever ended it.
    if (Status filed = importer.finish(); done && !filed) done = std::move(filed);
    report(context, *address, importer.count());
    if (!done) return tl::unexpected(std::move(done).error());
    if (interrupted != 0) return static_cast<int>(ErrorCode::refused);
    return importer.count().failed > 0 ? kExitWarnings : kExitDone;
}

}  // namespace

std::vector<CommandSpec> mailbox_import_commands() {
    std::vector<OptionSpec> options = {
        {"--maildir", "DIR", "a Maildir; folders .A.B become A/B"},
        {"--mbox", "FILE", "an mbox file"},
        {"--imap", "URL", "a server: imaps://HOST, or imap://HOST with STARTTLS"},
        {"--folder", "FOLDER…", "into this one; with --imap only these: INBOX, 'Work*'"}};
    options.insert(options.end(), std::begin(kImapOptions), std::end(kImapOptions));
    return {
        {.noun = "mailbox",
         .verb = "import",
         .summary = "Takes mail of a Maildir, an mbox file or another IMAP server into an account, "
                    "with dates and flags. The same command again brings what is missing, and "
                    "nothing twice; a message that is refused is told of (exit code 8). Gatepost "
                    "has to run.",
         .arguments = {kAddressArgument},
         .options = std::move(options),
         .examples = {"gatepost mailbox import ada@example.org --maildir /home/ada/Maildir",
                      "gatepost mailbox import ada@example.org --imap imaps://mail.example.net "
                      "--imap-user ada"},
         .run = import_mail},
    };
}

}  // namespace gatepost::tools
