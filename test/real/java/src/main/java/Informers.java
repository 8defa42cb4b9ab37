import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesApi;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import java.io.FileReader;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** The official Java client on a kind of one's own: writes, and a generic informer. Prints "ok …" for each, then "done". */
public final class Informers {
  private static final String NAMESPACE = "default";

  public static void main(String[] words) throws Exception {
    ApiClient client = ClientBuilder.kubeconfig(KubeConfig.loadKubeConfig(new FileReader(words[0]))).build();
    client.setReadTimeout(0);
    DynamicKubernetesApi pots = new DynamicKubernetesApi("potters.example.com", "v1", "pots", client);
    Map<String, Integer> sizes = new ConcurrentHashMap<>();

    check("create", pots.create(pot("listed", 1)).isSuccess());
    check("a bad object is refused", pots.create(pot("bad", 0)).getHttpStatusCode() == 422);

    SharedInformerFactory factory = new SharedInformerFactory(client);
    SharedIndexInformer<DynamicKubernetesObject> informer =
        factory.sharedIndexInformerFor(pots, DynamicKubernetesObject.class, 0, NAMESPACE);
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(DynamicKubernetesObject pot) {
            sizes.put(pot.getMetadata().getName(), sizeOf(pot));
          }

          @Override
          public void onUpdate(DynamicKubernetesObject before, DynamicKubernetesObject pot) {
            sizes.put(pot.getMetadata().getName(), sizeOf(pot));
          }

          @Override
          public void onDelete(DynamicKubernetesObject pot, boolean isUnknown) {
            sizes.remove(pot.getMetadata().getName());
          }
        });
    factory.startAllRegisteredInformers();
    eventually("the informer lists", () -> informer.hasSynced() && Integer.valueOf(1).equals(sizes.get("listed")));

    pots.create(pot("created", 2));
    eventually("it sees a creation", () -> Integer.valueOf(2).equals(sizes.get("created")));
    V1Patch patch = new V1Patch("{\"spec\":{\"size\":5}}");
    check("patch", pots.patch(NAMESPACE, "created", V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, patch).isSuccess());
    eventually("it sees a patch", () -> Integer.valueOf(5).equals(sizes.get("created")));
    for (String name : new String[] {"listed", "created"}) pots.delete(NAMESPACE, name);
    eventually("it sees deletions", sizes::isEmpty);
    factory.stopAllRegisteredInformers();
    System.out.println("done");
    System.exit(0);
  }

  private static DynamicKubernetesObject pot(String name, int size) {
    JsonObject object =
        JsonParser.parseString(
                "{\"apiVersion\":\"potters.example.com/v1\",\"kind\":\"Pot\",\"metadata\":{},\"spec\":{\"clay\":\"red\",\"size\":"
                    + size
                    + "}}")
            .getAsJsonObject();
    DynamicKubernetesObject pot = new DynamicKubernetesObject(object);
    pot.setMetadata(new V1ObjectMeta().name(name).namespace(NAMESPACE));
    return pot;
  }

  private static int sizeOf(DynamicKubernetesObject pot) {
    return pot.getRaw().getAsJsonObject("spec").get("size").getAsInt();
  }

  private static void eventually(String what, BooleanSupplier holds) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new IllegalStateException("Not within a minute: " + what);
      Thread.sleep(25);
    }
    System.out.println("ok " + what);
  }

  private static void check(String what, boolean holds) {
    if (!holds) throw new IllegalStateException(what);
    System.out.println("ok " + what);
  }
}
