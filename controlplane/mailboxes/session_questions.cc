#include "controlplane/mailboxes/session_questions.h"

#include <algorithm>

namespace gatepost::controlplane {

void SessionQuestions::ask(MailboxWorkers& workers, uint64_t account_id, Take take) {
    Question question;
    question.account_id = account_id;
    question.take = std::move(take);
    question.until = Clock::now() + kAnswerMax;
    for (const auto& [id, peer] : workers.peers())
        if (!peer.is_closed()) question.silent.insert(id);
    storage::MailboxEvent event;
    event.kind = storage::MailboxEvent::Kind::list_sessions;
    event.account_id = account_id;
    event.number = next_;
    questions_.emplace(next_++, std::move(question));
    workers.broadcast(event);
}

void SessionQuestions::take(uint64_t peer, storage::SessionNote note) {
    const auto found = questions_.find(note.number);
    if (found == questions_.end()) return;
    Question& question = found->second;
    if (note.session_id == 0) {
        question.silent.erase(peer);
        return;
    }
    if (question.account_id != 0 && note.account_id != question.account_id) return;
    if (question.list.sessions.size() < kSessionsMax)
        question.list.sessions.push_back(std::move(note));
    else
        question.list.is_complete = false;
}

void SessionQuestions::look_after(const MailboxWorkers& workers, Clock::time_point now) {
    for (auto one = questions_.begin(); one != questions_.end();) {
        Question& question = one->second;
        std::erase_if(question.silent, [&](uint64_t peer) { return !workers.contains(peer); });
        if (!question.silent.empty() && now < question.until) {
            ++one;
            continue;
        }
        if (!question.silent.empty()) question.list.is_complete = false;
        Question answered = std::move(question);
        one = questions_.erase(one);
        answered.take(std::move(answered.list));
    }
}

std::optional<SessionQuestions::Clock::time_point> SessionQuestions::deadline() const {
    std::optional<Clock::time_point> first;
    for (const auto& [number, question] : questions_)
        if (!first || question.until < *first) first = question.until;
    return first;
}

}  // namespace gatepost::controlplane
