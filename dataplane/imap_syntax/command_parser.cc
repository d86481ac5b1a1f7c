#include "dataplane/imap_syntax/command_parser.h"

#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/command_head.h"

namespace gatepost::dataplane {
namespace {

bool parse_arguments(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    auto& arguments = out.arguments;
    switch (out.verb) {
        case ImapVerb::select:
        case ImapVerb::examine:
            return parse_select(scanner, context, arguments.emplace<SelectArguments>());
        case ImapVerb::list:
            return parse_list_command(scanner, context, arguments.emplace<ListArguments>());
        case ImapVerb::lsub:
            return parse_lsub(scanner, context, arguments.emplace<ListArguments>());
        case ImapVerb::fetch:
            return parse_fetch(scanner, out.by_uid, arguments.emplace<FetchArguments>());
        case ImapVerb::store:
            return parse_store(scanner, arguments.emplace<StoreArguments>());
        case ImapVerb::search:
            return parse_search(scanner, context, arguments.emplace<SearchArguments>());
        case ImapVerb::sort:
            return parse_sort(scanner, context, arguments.emplace<SortArguments>());
        case ImapVerb::thread:
            return parse_thread(scanner, context, arguments.emplace<ThreadArguments>());
        case ImapVerb::notify:
            return parse_notify(scanner, context, arguments.emplace<NotifyArguments>());
        case ImapVerb::get_metadata:
            return parse_get_metadata(scanner, context, arguments.emplace<MetadataArguments>());
        case ImapVerb::set_metadata:
            return parse_set_metadata(scanner, context, arguments.emplace<MetadataArguments>());
        case ImapVerb::multi_search:
            return parse_multi_search(scanner, context, arguments.emplace<MultiSearchArguments>());
        case ImapVerb::url_fetch:
            return parse_url_fetch(scanner, out);
        case ImapVerb::gen_url_auth:
            return parse_gen_url_auth(scanner, out);
        case ImapVerb::reset_key:
            return parse_reset_key(scanner, context, out);
        case ImapVerb::append:
        case ImapVerb::replace:
            return scanner.fail("a message is missing");
        default:
            return parse_plain_arguments(scanner, context, out);
    }
}

}  // namespace

tl::expected<ImapCommand, SyntaxError> parse_command(const CommandText& text,
                                                     const ParseContext& context) {
    ImapScanner scanner(text);
    CommandHead head;
    if (!parse_command_head(scanner, head)) return tl::unexpected(scanner.error(head.tag));
    const ImapState state = state_of(head.verb);
    if (!context.logged_in && state >= ImapState::authenticated) {
        scanner.fail("log in first");
        return tl::unexpected(scanner.error(head.tag));
    }
    tl::expected<ImapCommand, SyntaxError> command;
    command->tag = head.tag;
    command->verb = head.verb;
    command->by_uid = head.by_uid;
    if (!parse_arguments(scanner, context, *command) || !scanner.end())
        return tl::unexpected(scanner.error(head.tag));
    return command;
}

}  // namespace gatepost::dataplane
