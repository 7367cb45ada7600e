/**
 * @file mailproto.h
 * Includes every other public header; has nothing of its own.
 */
#ifndef MAILPROTO_H
#define MAILPROTO_H

#include <mailproto/base.h>
#include <mailproto/codec.h>
#include <mailproto/compose.h>
#include <mailproto/field.h>
#include <mailproto/imap.h>
#include <mailproto/imap_fetch.h>
#include <mailproto/imap_respond.h>
#include <mailproto/imap_search.h>
#include <mailproto/imap_server.h>
#include <mailproto/mbox.h>
#include <mailproto/message.h>
#include <mailproto/pop3.h>
#include <mailproto/pump.h>
#include <mailproto/sasl.h>
#include <mailproto/session.h>
#include <mailproto/smtp.h>

#endif /* MAILPROTO_H */
