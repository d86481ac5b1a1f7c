// A command of a client, taken apart. Strings are as they mean: quotes, literals, modified UTF-7
// and base64 are undone; mailbox names are UTF-8 (RFC 9051 §5.1).
//
// Literals that are part of a command's arguments are in it; those of APPEND, CATENATE and REPLACE,
// which are messages, are not: the session reads them as they come (AppendPart::literal_octets).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dataplane/imap_syntax/fetch_items.h"
#include "dataplane/imap_syntax/search_key.h"
#include "dataplane/imap_syntax/sequence_set.h"

namespace gatepost::dataplane {

enum class ImapVerb : uint8_t {
    capability,
    noop,
    logout,
    id,  // any state
    starttls,
    authenticate,
    login,  // not authenticated
    enable,
    select,
    examine,
    create,
    remove,
    rename,
    subscribe,
    unsubscribe,
    list,
    lsub,
    namespaces,
    status,
    append,
    idle,
    get_quota,
    get_quota_root,
    set_quota,
    get_metadata,
    set_metadata,
    get_acl,
    set_acl,
    delete_acl,
    list_rights,
    my_rights,
    notify,
    compress,
    gen_url_auth,
    reset_key,
    url_fetch,
    multi_search,
    unauthenticate,  // authenticated
    close,
    unselect,
    check,
    expunge,
    search,
    fetch,
    store,
    copy,
    move,
    sort,
    thread,
    replace,  // selected
};

// FLAGS (\Seen $Forwarded)
struct FlagList {
    uint8_t flags = 0;  // a sum of storage::MessageFlag
    std::vector<std::string> keywords;
    bool recent = false;  // \Recent is among them

    bool operator==(const FlagList&) const = default;
};

struct SelectArguments {  // also of EXAMINE
    std::string mailbox;
    bool condstore = false;
    struct Qresync {  // RFC 7162 §3.2.5
        uint32_t uid_validity = 0;
        uint64_t modseq = 0;
        std::optional<SequenceSet> known_uids;
        std::optional<std::pair<SequenceSet, SequenceSet>> known_numbers;  // numbers and their UIDs
    };
    std::optional<Qresync> qresync;
};

struct StatusItems {  // a set
    bool messages = false, uid_next = false, uid_validity = false, unseen = false, deleted = false,
         size = false, recent = false, highest_modseq = false, append_limit = false,
         mailbox_id = false;
};

struct ListArguments {  // also of LSUB: only reference, patterns
    std::string reference;
    std::vector<std::string> patterns;
    bool extended = false;  // options or several patterns were given
    // selection
    bool subscribed_only = false, remote = false, recursive_match = false, special_use_only = false;
    // return
    bool return_subscribed = false, return_children = false, return_special_use = false,
         return_my_rights = false;
    std::optional<StatusItems> return_status;  // RFC 5819
    std::vector<std::string> return_metadata;  // RFC 9590: entries, in lower case
    bool return_metadata_given = false;
};

struct AppendPart {  // of CATENATE (RFC 4469), or the whole message
    // Which of them it is: `url` where that is not empty.
    std::string url;
    uint64_t literal_octets = 0;
    bool synchronizing = true;  // the client waits for "+"
    bool binary = false;        // literal8
};

struct FetchArguments {
    SequenceSet set;
    std::vector<FetchItem> items;
    std::optional<uint64_t> changed_since;
    bool vanished = false;
    std::optional<std::pair<int64_t, int64_t>> partial;  // RFC 9394
};

struct StoreArguments {
    SequenceSet set;
    enum class Action : uint8_t { add, remove, replace } action = Action::replace;
    bool silent = false;
    FlagList flags;
    std::optional<uint64_t> unchanged_since;
};

struct SearchArguments {
    SearchReturn returned;
    SearchKey key;            // all_of
    bool has_modseq = false;  // the answer has MODSEQ
};
// Which mailboxes a client means (RFC 5465 §6, RFC 7377 §2.2).
struct MailboxFilter {
    enum class Kind : uint8_t {
        selected,
        selected_delayed,  // of NOTIFY alone
        inboxes,
        personal,
        subscribed,
        subtree,
        subtree_one,  // of ESEARCH alone
        mailboxes,
    } kind = Kind::selected;
    // Of the last three, sorted; as the root of a subtree "" is above all of them.
    std::vector<std::string> mailboxes;

    bool is_selected() const { return kind == Kind::selected || kind == Kind::selected_delayed; }
    bool has_names() const { return kind >= Kind::subtree; }
};

// ESEARCH (RFC 7377).
struct MultiSearchArguments {
    std::vector<MailboxFilter> sources;  // none: the selected mailbox
    SearchArguments search;
};
struct SortArguments {
    std::vector<SortCriterion> criteria;
    SearchReturn returned;  // RFC 5267 ESORT
    SearchKey key;
    bool has_modseq = false;
};
struct ThreadArguments {
    ThreadAlgorithm algorithm = ThreadAlgorithm::references;
    SearchKey key;
};

// RFC 5465.
struct NotifyArguments {
    bool none = false;
    bool status = false;
    struct Group {
        MailboxFilter filter;
        bool none = false;
        bool message_new = false, message_expunge = false, flag_change = false,
             mailbox_name = false, subscription_change = false, annotation_change = false;
        std::vector<FetchItem> new_items;  // of MessageNew
    };
    std::vector<Group> groups;
};

struct MetadataArguments {
    std::string mailbox;  // "": of the server (RFC 5464 §3)
    std::vector<std::pair<std::string, std::optional<std::string>>> entries;  // names in lower case
    std::optional<uint64_t> size_max;
    uint32_t depth = 0;  // UINT32_MAX: infinity
};

struct ImapCommand {
    std::string tag;
    ImapVerb verb = ImapVerb::noop;
    bool by_uid = false;  // UID FETCH …

    // Those that the verb has; the others are empty.
    std::string name;   // mailbox of most commands; user name; mechanism; quota root; entry
    std::string other;  // new name of RENAME; password; initial response; identifier of ACL
    bool has_other = false;
    // ENABLE's capabilities; ACL's rights; RESETKEY's mechanisms; URLFETCH's URLs
    std::vector<std::string> words;
    // ID's fields; SETQUOTA's resources; GENURLAUTH's URLs and mechanisms
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string special_use;  // CREATE (USE (\Sent)): "\Sent"
    SequenceSet set;          // COPY, MOVE, UID EXPUNGE, REPLACE
    StatusItems status;
    std::variant<std::monostate, SelectArguments, ListArguments, FetchArguments, StoreArguments,
                 SearchArguments, SortArguments, ThreadArguments, NotifyArguments,
                 MetadataArguments, MultiSearchArguments>
        arguments;
};

}  // namespace gatepost::dataplane
