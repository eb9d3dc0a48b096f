#include "config.h"

#include "mqttlink.h"
#include "mqttoptions.h"
#include "tool.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/ssl.h>

/* Seconds. What broke sooner than STEADY after it was made counts as failed. */
static const double ANSWER = 10, DELAY = 0.5, DELAY_MAX = 60, STEADY = 30;
/* Sent and not answered. A broker that wants fewer says so. */
enum { INFLIGHT = 128 };

static bool
is_refusal(int reason)
{
	return reason >= MQTT_RC_UNSPECIFIED;
}

static void
set_why(struct mqttlink *l, const char *why, const mosquitto_property *p)
{
	char *other = NULL;

	if (p != NULL)
		mosquitto_property_read_string(p, MQTT_PROP_SERVER_REFERENCE,
		    &other, false);
	if (l->why[0] == '\0')
		snprintf(l->why, sizeof l->why, "%s%s%s", why,
		    other != NULL ? " " : "", other != NULL ? other : "");
	free(other);
}

/* Why a function of libmosquitto failed, if nobody has told yet. */
static void
explain(struct mqttlink *l, int rc)
{
	int err = errno;

	switch (rc) {
	case MOSQ_ERR_ERRNO:
		set_why(l, err != 0 ? strerror(err) :
		    "it closed the connection", NULL);
		break;
	case MOSQ_ERR_EAI:
		set_why(l, "its name cannot be looked up", NULL);
		break;
	case MOSQ_ERR_SUCCESS:
	case MOSQ_ERR_CONN_LOST:
	case MOSQ_ERR_NO_CONN:
		set_why(l, "it closed the connection", NULL);
		break;
	case MOSQ_ERR_KEEPALIVE:
		set_why(l, "it does not answer any more", NULL);
		break;
	case MOSQ_ERR_PROTOCOL:
	case MOSQ_ERR_MALFORMED_PACKET:
	case MOSQ_ERR_DUPLICATE_PROPERTY:
	case MOSQ_ERR_PAYLOAD_SIZE:
		set_why(l, "what it sends is not MQTT", NULL);
		break;
	default:
		set_why(l, mosquitto_strerror(rc), NULL);
		break;
	}
}

static void
other_version(struct mqttlink *l)
{
	l->version = l->version == MQTT_PROTOCOL_V5 ? MQTT_PROTOCOL_V311 :
	    MQTT_PROTOCOL_V5;
}

static void
on_connect(struct mosquitto *m, void *arg, int rc, int flags,
    const mosquitto_property *p)
{
	struct mqttlink *l = arg;

	(void)m;
	(void)flags;
	if (rc == 0) {
		l->up = true;
		return;
	}
	/* A broker that is older tells so, in one way or the other. */
	if (rc == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION ||
	    rc == CONNACK_REFUSED_PROTOCOL_VERSION) {
		other_version(l);
		l->older = l->version == MQTT_PROTOCOL_V311;
	}
	set_why(l, is_refusal(rc) ? mosquitto_reason_string(rc) :
	    mosquitto_connack_string(rc), p);
}

static void
on_disconnect(struct mosquitto *m, void *arg, int rc,
    const mosquitto_property *p)
{
	struct mqttlink *l = arg;

	(void)m;
	l->broken = true;
	if (is_refusal(rc))
		set_why(l, mosquitto_reason_string(rc), p);
}

static void
on_publish(struct mosquitto *m, void *arg, int mid, int reason,
    const mosquitto_property *p)
{
	struct mqttlink *l = arg;

	(void)m;
	(void)p;
	l->pending--;
	l->progress = ev_now(l->loop);
	l->calls->done(l->arg, mid, reason);
}

/* Then what is left from before, and is not true any more, stays there. */
static void
on_subscribe(struct mosquitto *m, void *arg, int mid, int n, const int *granted)
{
	struct mqttlink *l = arg;
	bool denied = n > 0 && is_refusal(granted[0]);

	(void)m;
	(void)mid;
	if (denied && !l->denied)
		say("broker %s, port %d, does not let us read what is retained "
		    "there: %s", l->options->broker, l->options->port,
		    mosquitto_reason_string(granted[0]));
	l->denied = denied;
}

static void
on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *msg)
{
	struct mqttlink *l = arg;

	(void)m;
	if (msg->payloadlen > 0)
		l->calls->retained(l->arg, msg->topic);
}

/* What is wrong with a certificate is known only while it is told. */
static void
on_log(struct mosquitto *m, void *arg, int level, const char *text)
{
	struct mqttlink *l = arg;
	SSL *ssl = level == MOSQ_LOG_ERR ? mosquitto_ssl_get(m) : NULL;
	long verified = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);

	if (verified != X509_V_OK)
		set_why(l, X509_verify_cert_error_string(verified), NULL);
	else if (level == MOSQ_LOG_ERR)
		set_why(l, text, NULL);
}

static int
set_tls(struct mosquitto *m, const struct mqttoptions *o)
{
	if (!o->tls)
		return MOSQ_ERR_SUCCESS;
	if (o->ca == NULL)
		return mosquitto_int_option(m, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
	return mosquitto_tls_set(m, o->ca, NULL, o->cert, o->key, NULL);
}

static int
set_up(struct mqttlink *l)
{
	const struct mqttoptions *o = l->options;
	struct mosquitto *m = l->m;
	int rc;

	mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, l->version);
	mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, INFLIGHT);
	mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_v5_callback_set(m, on_connect);
	mosquitto_disconnect_v5_callback_set(m, on_disconnect);
	mosquitto_publish_v5_callback_set(m, on_publish);
	mosquitto_message_callback_set(m, on_message);
	mosquitto_subscribe_callback_set(m, on_subscribe);
	mosquitto_log_callback_set(m, on_log);
	rc = mosquitto_will_set(m, l->will_topic, (int)strlen(l->will), l->will,
	    1, true);
	if (rc == MOSQ_ERR_SUCCESS && o->user != NULL)
		rc = mosquitto_username_pw_set(m, o->user, o->password);
	return rc == MOSQ_ERR_SUCCESS ? set_tls(m, o) : rc;
}

static void
start_timer(struct mqttlink *l, double after)
{
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, after, 0.);
	ev_timer_start(l->loop, &l->timer);
}

static void
discard(struct mqttlink *l)
{
	bool up = l->up;

	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_stop(l->loop, &l->misc);
	mosquitto_destroy(l->m);
	l->m = NULL;
	l->up = l->broken = false;
	if (up)
		l->calls->down(l->arg);
}

/* Longer each time, and up to a half less, so that not all come at once. */
static double
delay(struct mqttlink *l)
{
	double d = DELAY;
	unsigned i;

	for (i = 0; i < l->attempts && d < DELAY_MAX; i++)
		d *= 2;
	if (d > DELAY_MAX)
		d = DELAY_MAX;
	l->attempts++;
	return d - d / 2 * ((double)arc4random() / UINT32_MAX);
}

/* Some that are older only go away, but so do others, when they are stopped. */
static void
choose_version(struct mqttlink *l, int rc)
{
	if (l->up) {
		l->vanished = 0;
		l->version = l->older ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5;
	} else if (rc == MOSQ_ERR_CONN_LOST && ++l->vanished % 2 == 0) {
		other_version(l);
	}
}

static void
end(struct mqttlink *l, int rc)
{
	const struct mqttoptions *o = l->options;
	bool was_up = l->up;

	explain(l, rc);
	/* Maybe it told why before it went: see mqttlink_learn(). */
	if (was_up && mosquitto_socket(l->m) != -1)
		mosquitto_loop_read(l->m, 1);
	if (was_up && ev_now(l->loop) - l->up_since > STEADY)
		l->attempts = 0;
	choose_version(l, rc);
	if (was_up || (strcmp(l->said[0], l->why) != 0 &&
	    strcmp(l->said[1], l->why) != 0))
		say("%s broker %s, port %d: %s; trying again", was_up ? "lost" :
		    "cannot use", o->broker, o->port, l->why);
	memcpy(l->said[l->attempts % 2], l->why, sizeof l->why);
	discard(l);
	start_timer(l, delay(l));
}

/* What libmosquitto returned after it was given its turn. */
static void
settle(struct mqttlink *l, int rc, bool was_up)
{
	if (rc != MOSQ_ERR_SUCCESS || l->broken ||
	    mosquitto_socket(l->m) == -1) {
		end(l, rc);
		return;
	}
	if (was_up || !l->up)
		return;
	ev_timer_stop(l->loop, &l->timer);
	l->up_since = ev_now(l->loop);
	l->said[0][0] = l->said[1][0] = '\0';
	say("connected to broker %s, port %d, with MQTT %s", l->options->broker,
	    l->options->port, l->version == MQTT_PROTOCOL_V5 ? "5" : "3.1.1");
	l->calls->up(l->arg);
}

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct mqttlink *l = w->data;
	bool was_up = l->up;
	int rc = MOSQ_ERR_SUCCESS;

	(void)loop;
	errno = 0;
	l->writable |= (revents & EV_WRITE) != 0;
	/* Who goes may have said why, and cannot be written to any more. */
	if (was_up && (revents & EV_READ) != 0)
		rc = mosquitto_loop_read(l->m, 1);
	if (rc == MOSQ_ERR_SUCCESS && (revents & EV_WRITE) != 0)
		rc = mosquitto_loop_write(l->m, 1);
	/* While it connects it may be its turn to write in here, too. */
	if (rc == MOSQ_ERR_SUCCESS && !was_up)
		rc = mosquitto_loop_read(l->m, 1);
	settle(l, rc, was_up);
}

static void
on_misc(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct mqttlink *l = w->data;

	(void)revents;
	/* Who only answers pings is not there either. */
	if (l->pending > 0 && ev_now(loop) - l->progress >
	    (double)l->options->keepalive / 1000) {
		set_why(l, "it does not answer what we publish", NULL);
		end(l, MOSQ_ERR_SUCCESS);
		return;
	}
	settle(l, mosquitto_loop_misc(l->m), l->up);
}

/*
 * The first address that its name has, and the first of IPv4, take turns, since
 * libmosquitto tries only one.
 */
static void
attempt(struct mqttlink *l)
{
	const struct mqttoptions *o = l->options;
	double misc = (double)o->keepalive / 1000 / 4;
	int rc;

	l->why[0] = '\0';
	l->pending = 0;
	l->writable = false;
	errno = 0;
	l->m = mosquitto_new(l->id, true, l);
	rc = l->m == NULL ? MOSQ_ERR_NOMEM : set_up(l);
	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_connect_bind_async(l->m, o->broker, o->port,
		    (int)(o->keepalive / 1000),
		    l->attempts % 2 == 0 ? NULL : "0.0.0.0");
	if (rc != MOSQ_ERR_SUCCESS) {
		end(l, rc);
		return;
	}
	start_timer(l, ANSWER);
	ev_timer_set(&l->misc, misc, misc);
	ev_timer_start(l->loop, &l->misc);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct mqttlink *l = w->data;

	(void)loop;
	(void)revents;
	if (l->m == NULL) {
		attempt(l);
		return;
	}
	/* If nobody has told another reason. */
	set_why(l, "it does not answer", NULL);
	end(l, MOSQ_ERR_SUCCESS);
}

bool
mqttlink_init(struct mqttlink *l, struct ev_loop *loop,
    const struct mqttoptions *o, const char *id,
    const struct mqttlink_calls *calls, void *arg)
{
	*l = (struct mqttlink){ .loop = loop, .options = o, .calls = calls,
		.arg = arg, .version = MQTT_PROTOCOL_V5, .id = strdup(id) };
	ev_init(&l->io, on_io);
	ev_init(&l->timer, on_timer);
	ev_init(&l->misc, on_misc);
	l->io.data = l->timer.data = l->misc.data = l;
	return l->id != NULL && mosquitto_lib_init() == MOSQ_ERR_SUCCESS;
}

void
mqttlink_fini(struct mqttlink *l)
{
	mqttlink_close(l, false);
	free(l->id);
	free(l->will_topic);
	free(l->will);
}

bool
mqttlink_open(struct mqttlink *l, const char *will_topic, const char *will)
{
	mqttlink_close(l, false);
	free(l->will_topic);
	free(l->will);
	l->will_topic = strdup(will_topic);
	l->will = strdup(will);
	if (l->will_topic == NULL || l->will == NULL)
		return false;
	attempt(l);
	return true;
}

void
mqttlink_close(struct mqttlink *l, bool in_order)
{
	ev_timer_stop(l->loop, &l->timer);
	if (l->m == NULL)
		return;
	if (l->up && in_order) {
		mosquitto_disconnect(l->m);
		mosquitto_loop_write(l->m, 1);
	}
	discard(l);
}

void
mqttlink_break(struct mqttlink *l, const char *why)
{
	set_why(l, why, NULL);
	l->broken = true;
	/* In a callback it has to wait. */
	start_timer(l, 0.);
}

void
mqttlink_refused(struct mqttlink *l, int reason)
{
	char why[128];

	snprintf(why, sizeof why, "it refuses what we publish: %s",
	    mosquitto_reason_string(reason));
	mqttlink_break(l, why);
}

bool
mqttlink_is_final(int reason)
{
	return reason == MQTT_RC_TOPIC_NAME_INVALID ||
	    reason == MQTT_RC_PACKET_TOO_LARGE ||
	    reason == MQTT_RC_PAYLOAD_FORMAT_INVALID;
}

void
mqttlink_learn(struct mqttlink *l, int reason, size_t len)
{
	if (reason == MQTT_RC_PACKET_TOO_LARGE && len > 0 &&
	    (l->too_large == 0 || len < l->too_large))
		l->too_large = len;
}

static bool
add_properties(mosquitto_property **p, const struct mqttlink_message *msg)
{
	return mosquitto_property_add_byte(p,
	    MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1) == 0 &&
	    mosquitto_property_add_string(p, MQTT_PROP_CONTENT_TYPE,
	    "application/json") == 0 &&
	    (msg->expiry == 0 || mosquitto_property_add_int32(p,
	    MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, msg->expiry) == 0) &&
	    (msg->id == NULL || mosquitto_property_add_string_pair(p,
	    MQTT_PROP_USER_PROPERTY, "id", msg->id) == 0);
}

enum mqttlink_result
mqttlink_publish(struct mqttlink *l, const struct mqttlink_message *msg,
    int *mid)
{
	mosquitto_property *p = NULL;
	int rc = MOSQ_ERR_NOMEM;

	if (l->too_large > 0 && msg->len >= l->too_large)
		return MQTTLINK_TOO_LARGE;
	if (l->version != MQTT_PROTOCOL_V5 || msg->len == 0 ||
	    add_properties(&p, msg))
		rc = mosquitto_publish_v5(l->m, mid, msg->topic, (int)msg->len,
		    msg->payload, 1, msg->retain, p);
	mosquitto_property_free_all(&p);
	if (rc == MOSQ_ERR_SUCCESS) {
		if (l->pending++ == 0)
			l->progress = ev_now(l->loop);
		return MQTTLINK_OK;
	}
	if (rc == MOSQ_ERR_OVERSIZE_PACKET || rc == MOSQ_ERR_PAYLOAD_SIZE)
		return MQTTLINK_TOO_LARGE;
	explain(l, rc);
	mqttlink_break(l, "");
	return MQTTLINK_FAILED;
}

void
mqttlink_subscribe(struct mqttlink *l, const char *filter)
{
	mosquitto_subscribe_v5(l->m, NULL, filter, 1,
	    l->version == MQTT_PROTOCOL_V5 ? MQTT_SUB_OPT_NO_LOCAL : 0, NULL);
}

void
mqttlink_watch(struct mqttlink *l)
{
	int fd = l->m == NULL ? -1 : mosquitto_socket(l->m);
	int events = EV_READ;

	/* It is connected when it can be written for the first time. */
	if (fd != -1 && (!l->writable || mosquitto_want_write(l->m)))
		events |= EV_WRITE;
	if (ev_is_active(&l->io) && l->io.fd == fd &&
	    (l->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(l->loop, &l->io);
	if (fd == -1)
		return;
	ev_io_set(&l->io, fd, events);
	ev_io_start(l->loop, &l->io);
}
