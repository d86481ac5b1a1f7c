// What stands behind each verb. Each begins behind the verb, at the space before its first
// argument, and ends behind its last; false: the scanner has the error.
#pragma once

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/imap_scanner.h"
#include "dataplane/imap_syntax/parse_context.h"

namespace gatepost::dataplane {

// Names and words only: LOGIN, RENAME, SETACL and many more.
bool parse_plain_arguments(ImapScanner& scanner, const ParseContext& context, ImapCommand& out);

bool parse_select(ImapScanner& scanner, const ParseContext& context, SelectArguments& out);
bool parse_list_command(ImapScanner& scanner, const ParseContext& context, ListArguments& out);
bool parse_lsub(ImapScanner& scanner, const ParseContext& context, ListArguments& out);
bool parse_fetch(ImapScanner& scanner, bool by_uid, FetchArguments& out);
bool parse_store(ImapScanner& scanner, StoreArguments& out);
bool parse_search(ImapScanner& scanner, const ParseContext& context, SearchArguments& out);
bool parse_sort(ImapScanner& scanner, const ParseContext& context, SortArguments& out);
bool parse_thread(ImapScanner& scanner, const ParseContext& context, ThreadArguments& out);
bool parse_multi_search(ImapScanner& scanner, const ParseContext& context,
                        MultiSearchArguments& out);
bool parse_url_fetch(ImapScanner& scanner, ImapCommand& out);
bool parse_gen_url_auth(ImapScanner& scanner, ImapCommand& out);
bool parse_reset_key(ImapScanner& scanner, const ParseContext& context, ImapCommand& out);
bool parse_notify(ImapScanner& scanner, const ParseContext& context, NotifyArguments& out);
bool parse_get_metadata(ImapScanner& scanner, const ParseContext& context, MetadataArguments& out);
bool parse_set_metadata(ImapScanner& scanner, const ParseContext& context, MetadataArguments& out);

// Pieces of those, at their own beginning.
bool parse_status_items(ImapScanner& scanner, StatusItems& out);  // "(MESSAGES UIDNEXT)"
bool parse_fetch_item(ImapScanner& scanner, FetchItem& out);      // "BODY.PEEK[1.MIME]<0.100>"
bool add_fetch_item(ImapScanner& scanner, FetchItem item, std::vector<FetchItem>& items);
bool parse_metadata_entry(ImapScanner& scanner, std::string& out);  // in lower case

// Items of one FETCH: each may be the whole message once more. Clients ask for a dozen.
inline constexpr size_t kFetchItemsMax = 256;
// Patterns of one LIST: each is compared with each mailbox.
inline constexpr size_t kListPatternsMax = 64;
// Octets of all of them together, each with the reference: some 50 ms with a thousand mailboxes.
inline constexpr size_t kListPatternOctetsMax = 4000;
// Entries of one GETMETADATA, SETMETADATA, or LIST RETURN (METADATA …).
inline constexpr size_t kMetadataEntriesMax = 256;
// Mailboxes and groups of one NOTIFY: each group is asked about each event.
inline constexpr size_t kNotifyMailboxesMax = 1000;
inline constexpr size_t kNotifyGroupsMax = 32;
// Sources of one ESEARCH, names of mailboxes in all of them, and roots of subtrees: of these each
// is compared with each mailbox, ten thousand of them in some 10 ms.
inline constexpr size_t kSearchSourcesMax = 32;
inline constexpr size_t kSearchedNamesMax = 1000;
inline constexpr size_t kSearchedSubtreesMax = 64;
// URLs of one GENURLAUTH or URLFETCH: each costs a question to the control plane.
inline constexpr size_t kUrlsMax = 100;

}  // namespace gatepost::dataplane
